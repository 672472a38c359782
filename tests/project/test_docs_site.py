"""The documentation is generated where it can be, holds together, and needs no network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from cdp_assets.cli import app
from cdp_assets.landing.contract import ColumnFacts, ExportFacts
from cdp_assets.settings import PROJECT_DIR, Settings
from checks.reference import commands_page, contract_page, settings_page


def test_every_setting_has_its_row_and_its_meaning() -> None:
    rows = re.findall(r"^\| `ONEFOLD_(\w+)` \| (.+) \| (.+) \|$", "\n".join(settings_page()), re.M)
    assert {name.lower() for name, _, _ in rows} == set(Settings.model_fields)
    assert [name for name, _, meaning in rows if len(meaning) < 5] == []


def test_each_decision_has_a_number_of_its_own_and_bears_it() -> None:
    records = sorted((PROJECT_DIR / "docs" / "decisions").glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in records]
    assert len(numbers) == len(set(numbers)), "two records have one number: what cites it cites both"
    assert [
        path.name
        for path, n in zip(records, numbers, strict=True)
        if not path.read_text().startswith(f"# {n}. ")
    ] == []


def test_every_command_has_its_section() -> None:
    page = "\n".join(commands_page())
    group = typer.main.get_command(app)
    missing = [name for name in getattr(group, "commands", {}) if f"\n## onefold {name}" not in page]
    assert missing == []
    assert "| `--home` |" in page


def test_every_property_of_a_contract_has_its_row() -> None:
    page = "\n".join(contract_page())
    for model in (ColumnFacts, ExportFacts):
        assert [each.alias for each in model.model_fields.values() if f"| `{each.alias}` |" not in page] == []


def _build(folder: Path, docs: Path) -> subprocess.CompletedProcess[str]:
    settings = (PROJECT_DIR / "mkdocs.yml").read_text(encoding="utf-8")
    settings = settings.replace("docs_dir: docs", f"docs_dir: {docs}").replace(
        "[checks/site_hook.py]", f"[{PROJECT_DIR / 'checks' / 'site_hook.py'}]"
    )
    (folder / "mkdocs.yml").write_text(settings, encoding="utf-8")
    (words,) = re.findall(r"python -m mkdocs (.+)", (PROJECT_DIR / "Makefile").read_text(encoding="utf-8"))
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", *words.split(), "--config-file", str(folder / "mkdocs.yml"), "--site-dir", str(folder / "site")],
        cwd=PROJECT_DIR, capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.integration
def test_the_site_builds_asks_for_nothing_outside_and_a_broken_link_fails(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(PROJECT_DIR / "docs", docs)
    made = _build(tmp_path, docs)
    assert made.returncode == 0, made.stderr[-2000:]
    tables = (tmp_path / "site" / "reference" / "tables.html").read_text(encoding="utf-8")
    marts = {path.stem for path in (PROJECT_DIR / "dbt_project" / "models" / "marts").glob("*.sql")}
    assert {name for name in marts if f"marts.{name}<" not in tables} == set()
    loaded = re.findall(r'(?:src|href)="(https?://[^"]+)"[^>]*(?:stylesheet|></script>)', tables)
    assert loaded == []
    (docs / "index.md").write_text("# Start\n\n[nowhere](nowhere.md)\n", encoding="utf-8")
    broken = _build(tmp_path, docs)
    assert broken.returncode != 0
    assert "nowhere.md" in broken.stderr
