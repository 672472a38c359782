"""`onefold channel new`: from sample files to a drafted contract, dbt sources and staging models.

A draft runs as it is; what was guessed or cannot be known from a sample is listed as undecided, to be read by a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cdp_assets.landing.contract import NAME_PATTERN, ContractProblem, load_contract
from cdp_assets.landing.guessing import GuessedColumn, column_name, guess_column
from cdp_assets.landing.sampling import Sample, read_sample
from cdp_assets.landing.shapes import load_shapes, render_models, render_select, titled
from cdp_assets.landing.sources import render_sources, sources_path
from cdp_assets.landing.staging_drafts import StagingDraft, draft_staging
from cdp_assets.settings import Settings

PERIOD = r"(?P<period>\d{4}[-_]?\d{2}[-_]?\d{2})"


@dataclass
class ChannelDraft:
    """What was written, and what is left to decide."""

    channel: str
    contract_path: Path
    written: list[Path] = field(default_factory=list)
    exports: dict[str, int] = field(default_factory=dict)  # export → columns
    shapes: list[str] = field(default_factory=list)
    list_entries: list[str] = field(default_factory=list)  # lines for vars.channels in dbt_project.yml
    undecided: list[str] = field(default_factory=list)


@dataclass
class _DraftedExport:
    name: str
    sample: Sample
    columns: list[GuessedColumn]
    facts: dict[str, Any]
    key: list[str]


def draft_channel(
    settings: Settings,
    name: str,
    samples: Sequence[Path],
    *,
    export: str | None = None,
    overwrite: bool = False,
    channels_dir: Path | None = None,
    dbt_project_dir: Path | None = None,
) -> ChannelDraft:
    """Draft a channel from one sample per export; `export` names it where there is one sample.

    Raises ContractProblem where the name is no name or a file of that channel exists (`overwrite` replaces drafts).
    """
    if not re.match(NAME_PATTERN, name):
        raise ContractProblem(f"{name!r} is no channel name: use lower-case letters, digits and underscores")
    contract_path = (channels_dir or settings.channels_dir) / f"{name}.yaml"
    dbt_dir = dbt_project_dir or settings.dbt_project_dir
    if contract_path.exists() and not overwrite:
        raise ContractProblem(f"{contract_path.name} exists already: edit it, or draft under another name")
    drafted = _draft_exports(samples, export)
    contract_path.write_text(_render_contract(name, drafted), encoding="utf-8")
    contract = load_contract(contract_path)
    draft = ChannelDraft(name, contract_path, [contract_path])
    _write(dbt_dir / sources_path(name), render_sources(contract), draft)
    for each in drafted:
        draft.exports[each.name] = len(each.columns)
        draft.undecided += [f"{each.name}: {note}" for note in _undecided(each)]
    _write_staging(dbt_dir, name, drafted, draft)
    return draft


def _draft_exports(samples: Sequence[Path], export: str | None) -> list[_DraftedExport]:
    drafted: list[_DraftedExport] = []
    for path in samples:
        sample = read_sample(path)
        facts: dict[str, Any] = {"filePattern": _file_pattern(path.name), **sample.facts}
        taken: set[str] = set()
        columns = [guess_column(column, taken, facts) for column in sample.columns if column.header]
        if "nullTokens" in facts:
            facts["nullTokens"] = sorted(facts["nullTokens"])
        name = export if export and len(samples) == 1 else _export_name(path, {each.name for each in drafted})
        key, rows_per_key = _guess_key(sample, columns)
        facts |= _delivery(facts, key, rows_per_key, columns)
        drafted.append(_DraftedExport(name, sample, columns, facts, key))
    return drafted


def _file_pattern(file_name: str) -> str:
    """A pattern for files named like the sample: its first date is the period, other digits may vary."""
    found = re.search(r"\d{4}[-_]?\d{2}[-_]?\d{2}", file_name)
    head, tail = (file_name[: found.start()], file_name[found.end() :]) if found else ("", file_name)

    def loose(text: str) -> str:
        return re.sub(r"\d+", r"\\d+", re.escape(text))

    pattern = (loose(head) + PERIOD if found else "") + loose(tail)
    return "(?i)" + re.sub(r"(\\\.gz)$", r"(\\.gz)?", pattern)


def _export_name(path: Path, taken: set[str]) -> str:
    stem = re.sub(r"[\d\W_]+", " ", path.name.split(".")[0]).strip()
    name = column_name(stem or "rows")
    while name in taken:
        name += "_more"
    return name


def _guess_key(sample: Sample, columns: list[GuessedColumn]) -> tuple[list[str], str]:
    """The column that identifies what a row is about, and whether a key has one row or many."""
    by_name = dict(zip([c.name for c in columns], [c for c in sample.columns if c.header], strict=True))
    roles = ("order_id", "source_customer_id", "loyalty_id", "sku", "email")
    spend = [
        next((c.name for c in columns if c.role == role), None)
        for role in ("ordered_at", "campaign", "spend")
    ]
    if all(spend):
        key = [name for name in spend[:2] if name]
        rows = list(zip(*(by_name[name].values for name in key), strict=True))
        return key, "one" if len(set(rows)) == len(rows) else "many"
    is_orders = any(column.role in ("order_id", "refund_id") for column in columns)
    for role in roles[:1] if is_orders else roles[1:]:
        for column in columns:
            values = by_name[column.name].filled
            if column.role == role and len(values) == len(by_name[column.name].values) and values:
                return [column.name], "one" if len(set(values)) == len(values) else "many"
    return [], "many"


def _delivery(
    facts: dict[str, Any], key: list[str], rows_per_key: str, columns: list[GuessedColumn]
) -> dict[str, Any]:
    if key:
        version = next(
            (c.name for c in columns if c.role == "updated_at" and c.logical_type == "timestamp"), None
        )
        extra = {"versionColumn": version} if version else {}
        return {"delivery": "delta", "replaces": "key", "rowsPerKey": rows_per_key, **extra}
    return {"delivery": "append", "replaces": "period" if PERIOD in facts["filePattern"] else "file_name"}


def _undecided(export: _DraftedExport) -> list[str]:
    facts = export.facts
    notes = list(export.sample.undecided)
    if export.key:
        rows = "one row per key" if facts["rowsPerKey"] == "one" else "all rows of a key come together"
        notes.append(
            f"delivery: taken as delta, a newer file replaces the {', '.join(export.key)} that it holds ({rows}); "
            "say snapshot if each file is the whole, append if rows are never sent again"
        )
    else:
        notes.append(
            f"delivery: no key was found, so files are appended; a new file replaces one of the same {facts['replaces']}"
        )
    if PERIOD not in facts["filePattern"]:
        notes.append(
            "filePattern: the name has no date, so the newest of two files is told by their content alone"
        )
    for column in export.columns:
        notes += column.undecided
    personal = [column.name for column in export.columns if column.classification in ("core", "sensitive")]
    notes.append(f"classification: personal are {', '.join(personal) or 'none'}; look at every column")
    return notes


def _render_contract(channel: str, drafted: list[_DraftedExport]) -> str:
    lines = [
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: onefold-{channel.replace('_', '-')}",
        f"name: {channel}",
        "version: 0.1.0",
        "status: draft",
        "description:",
        f"  purpose: The channel {channel.replace('_', ' ')}.",
        "slaProperties:",
        "  - {property: frequency, value: 1, unit: d}",
        "  - {property: retention, value: 730, unit: d}",
        "schema:",
    ]
    for export in drafted:
        lines += _render_export(export)
    return "\n".join(lines) + "\n"


def _render_export(export: _DraftedExport) -> list[str]:
    lines = [
        f"  - name: {export.name}",
        "    logicalType: object",
        "    physicalType: file",
        f"    description: {_flow(f'Drafted from a sample of {export.name.replace(chr(95), chr(32))}.')}",
        f"    dataGranularityDescription: {_flow('One row per ' + _grain(export) + '.')}",
        "    customProperties:",
    ]
    lines += [f"      - {{property: {name}, value: {_flow(value)}}}" for name, value in export.facts.items()]
    lines.append("    properties:")
    for column in export.columns:
        lines += [
            f"      - name: {column.name}",
            f"        physicalName: {_flow(column.header)}",
            f"        logicalType: {column.logical_type}",
        ]
        if column.required or column.name in export.key:
            lines.append("        required: true")
        if column.name in export.key:
            lines += [
                "        primaryKey: true",
                f"        primaryKeyPosition: {export.key.index(column.name) + 1}",
            ]
        lines.append(f"        classification: {column.classification}")
        facts = dict(column.facts)
        if (
            export.sample.facts.get("format") in ("json", "ndjson")
            and not column.required
            and column.name not in export.key
        ):
            facts["optional"] = True  # a key may be left out of every record
        if facts:
            lines.append("        customProperties:")
            lines += [
                f"          - {{property: {name}, value: {_flow(value)}}}" for name, value in facts.items()
            ]
    return lines


def _grain(export: _DraftedExport) -> str:
    if export.key and export.facts.get("rowsPerKey") == "one":
        return export.key[0].replace("_", " ")
    return "line of a " + export.key[0].replace("_", " ") if export.key else "line of the file"


def _flow(value: Any) -> str:
    """A value as YAML that is safe inside {…}."""
    return yaml.safe_dump([value], allow_unicode=True, default_flow_style=True, width=100_000).strip()[1:-1]


def _write_staging(dbt_dir: Path, channel: str, drafted: list[_DraftedExport], draft: ChannelDraft) -> None:
    """Draft the shapes that the exports can fill; each shape comes from the export that fills it best."""
    shapes = load_shapes(dbt_dir)
    found: dict[str, StagingDraft] = {}
    for export in drafted:
        for staging in draft_staging(channel, export.name, export.columns, export.facts):
            best = found.get(staging.shape)
            if best is None or len(staging.expressions) > len(best.expressions):
                found[staging.shape] = staging
    folder = dbt_dir / "models" / "staging" / channel
    for shape, staging in found.items():
        text = render_select(channel, shapes[shape], staging.expressions, staging.source, staging.comment)
        if staging.group_by:
            text = text.replace(
                "    from source\n)", f"    from source\n    group by {', '.join(staging.group_by)}\n)"
            )
        _write(folder / f"stg_{channel}__{shape}.sql", text, draft)
        draft.undecided += [f"stg_{channel}__{shape}: {note}" for note in staging.undecided]
        draft.list_entries.append(f"vars.channels.{shape}: add {channel}")
    draft.shapes = list(found)
    if found:
        text = render_models(channel, titled(channel, None), shapes, list(found))
        _write(folder / f"_{channel}__models.yml", text, draft)
    else:
        draft.undecided.append(
            "staging: no shared shape fits; write the models in dbt_project/models/staging by hand"
        )


def _write(path: Path, text: str, draft: ChannelDraft) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    draft.written.append(path)
