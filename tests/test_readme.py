"""The README and the pages of the documentation are true: the tables, commands and settings that it names are those that there are."""

from __future__ import annotations

import re
import tomllib

import pytest
import typer

from cdp_assets.cli import app
from cdp_assets.settings import PROJECT_DIR, Settings

README = (PROJECT_DIR / "README.md").read_text(encoding="utf-8")
PAGES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((PROJECT_DIR / "docs").glob("*.md")))
TOUR = (PROJECT_DIR / "docs" / "tables.md").read_text(encoding="utf-8")
MARTS = sorted(path.stem for path in (PROJECT_DIR / "dbt_project" / "models" / "marts").glob("*.sql"))


@pytest.mark.parametrize("mart", MARTS)
def test_every_published_table_is_in_the_tour(mart: str) -> None:
    assert f"`{mart}`" in TOUR


def test_the_tour_names_no_table_that_is_not_there() -> None:
    named = {
        name
        for row in re.findall(r"^\|[^|]*\|([^|]*)\|", TOUR, re.M)
        for name in re.findall(r"`([a-z_]+)`", row)
    }
    assert named - set(MARTS) == set()


def test_every_command_that_it_shows_exists() -> None:
    group = typer.main.get_command(app)
    known = set(getattr(group, "commands", {}))
    shown = set(re.findall(r"(?:bin/|`)onefold ([a-z][a-z-]*)", README + PAGES))
    assert shown - known == set()


def test_every_setting_that_it_names_exists() -> None:
    named = {name.lower() for name in re.findall(r"ONEFOLD_([A-Z_]+)", README + PAGES)}
    assert named - set(Settings.model_fields) == set()


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert README.count("\n") <= 120, "depth belongs into docs/"


def test_the_version_has_its_section_in_the_changelog() -> None:
    version = tomllib.loads((PROJECT_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    changelog = (PROJECT_DIR / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.M)
