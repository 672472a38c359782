"""Reference pages of the documentation, from the code itself: contract properties, tables and columns, settings, commands.

Each function yields one page as Markdown; `site_hook` puts them into the site. Nothing is written to disk and nothing can go stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cdp_assets import dbt_manifest
from cdp_assets.cli import app
from cdp_assets.landing import contract
from cdp_assets.settings import PROJECT_DIR, Settings

CONTRACT_PARTS: dict[str, type[BaseModel]] = {
    "A channel": contract.ChannelFacts,
    "An export": contract.ExportFacts,
    "A further shape of an export's files (`dialects`)": contract.DialectVariant,
    "A natural key (`naturalKeys`)": contract.NaturalKey,
    "A column": contract.ColumnFacts,
}


def pages() -> dict[str, str]:
    """Path below docs/ → Markdown."""
    made = {
        "reference/settings.md": settings_page,
        "reference/commands.md": commands_page,
        "reference/contract.md": contract_page,
        "reference/tables.md": tables_page,
        "decisions/index.md": decisions_page,
    }
    return {path: "\n".join(page()) + "\n" for path, page in made.items()}


def settings_page() -> Iterator[str]:
    """One row per setting."""
    yield "# Settings\n\nEach is an environment variable, or an argument of the command where that has one.\n"
    yield "| setting | default | meaning |\n|---|---|---|"
    for name, field in Settings.model_fields.items():
        yield f"| `ONEFOLD_{name.upper()}` | {_default(field)} | {_cell(field.description)} |"


def commands_page() -> Iterator[str]:
    """One section per command, groups' commands under their full names."""
    yield "# Commands\n"
    yield from _command(typer.main.get_command(app), "onefold")


def contract_page() -> Iterator[str]:
    """One table per part of a contract that ODCS has no fields for."""
    yield "# Contract properties\n"
    yield (
        "A contract is a file of the Open Data Contract Standard (v3.1), `channels/<channel>.yaml`. What the standard has no field for stands in "
        "`customProperties` of the contract, of an export (an object of `schema`) or of a column (a property)."
    )
    for title, model in CONTRACT_PARTS.items():
        yield f"\n## {title}\n\n| property | default | meaning |\n|---|---|---|"
        for name, field in model.model_fields.items():
            said = _cell(field.description) or _sentence_of(model, name)
            yield f"| `{field.alias or name}` | {_default(field)} | {said} |"


def tables_page() -> Iterator[str]:
    """One section per published table, from the parsed dbt project."""
    settings = Settings.load()
    dbt_manifest.prepare(settings)
    nodes = dbt_manifest.read(settings)["nodes"].values()
    yield "# Tables and columns\n"
    yield "Schema `marts` of `published/current.duckdb`, then schema `contact` of `published/current.contact.duckdb` (in clear, its owner's)."
    for schema in ("marts", "contact"):
        models = [each for each in nodes if each["resource_type"] == "model" and each["schema"] == schema]
        for model in sorted(models, key=lambda each: str(each["name"])):
            yield f"\n## {schema}.{model['name']}\n\n{model['description'].strip()}\n"
            yield "| column | type | meaning |\n|---|---|---|"
            for column in model["columns"].values():
                kind = column.get("data_type") or ""
                yield f"| `{column['name']}` | {kind} | {_cell(column['description'])} |"


def decisions_page() -> Iterator[str]:
    """The list of decisions, by number."""
    yield "# Decisions\n"
    yield "Short records of choices that would otherwise be asked about again: what was decided, why, and what it costs.\n"
    for path in sorted((PROJECT_DIR / "docs" / "decisions").glob("[0-9]*.md")):
        title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        yield f"* [{title}]({path.name})"


def _command(command: Any, name: str) -> Iterator[str]:
    if commands := getattr(command, "commands", None):
        for each in sorted(commands):
            yield from _command(commands[each], f"{name} {each}")
        return
    yield f"\n## {name}\n\n{(command.help or '').strip()}\n"
    rows = [each for each in command.params if each.name != "help" and not getattr(each, "hidden", False)]
    if rows:
        yield "| argument | meaning |\n|---|---|"
        for each in rows:
            names = each.name.upper() if each.param_type_name == "argument" else ", ".join(each.opts)
            yield f"| `{names}` | {_cell(getattr(each, 'help', ''))} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    if (
        field.default_factory is not None
        or field.default in (None, "", [], {})
        or isinstance(field.default, BaseModel)
    ):
        return "–"
    return f"`{field.default}`"


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def _sentence_of(model: type[BaseModel], name: str) -> str:
    """What the model's docstring says where a field has no description of its own: the field's name in words."""
    return name.replace("_", " ").capitalize() + "."


def write(folder: Path) -> None:
    """Write the pages below a folder (for who wants them as files)."""
    for name, text in pages().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
