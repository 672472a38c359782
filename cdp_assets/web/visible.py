"""Which columns of the marts a person sees: by their classes in the parsed project and by her roles. In tables, files and the SQL page."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from cdp_assets import dbt_manifest
from cdp_assets.dbt_classes import classes_of
from cdp_assets.settings import Settings
from cdp_assets.web.published import Published

UNKNOWN = "sensitive"  # marts hold no column of the highest class: publishing sees to that


@lru_cache(maxsize=4)
def _classes(manifest: Path, written: float) -> dict[tuple[str, str], str]:
    """Class of each (mart, column) by the project's manifest, as of when it was written."""
    return classes_of(json.loads(manifest.read_text(encoding="utf-8")), "marts")


def _known(settings: Settings) -> dict[tuple[str, str], str]:
    manifest = dbt_manifest.folder(settings) / "manifest.json"
    return _classes(manifest, manifest.stat().st_mtime) if manifest.exists() else {}


def classes_version(settings: Settings) -> float:
    """Changes when the classes of columns may have."""
    manifest = dbt_manifest.folder(settings) / "manifest.json"
    return manifest.stat().st_mtime if manifest.exists() else 0.0


def readable(settings: Settings, shown: Published, classes: frozenset[str]) -> dict[str, list[str]]:
    """The marts with the columns of the classes that a person sees; a mart without any is left out."""
    known = _known(settings)
    marts: dict[str, list[str]] = {}
    definitions = shown.definitions()
    for table, column in zip(definitions["table_name"], definitions["column_name"], strict=True):
        if known.get((table, column), UNKNOWN) in classes:
            marts.setdefault(str(table), []).append(str(column))
    return marts


def hidden(
    settings: Settings, shown: Published, classes: frozenset[str], marts: tuple[str, ...]
) -> frozenset[str]:
    """The columns of some marts that a person does not see, by name: hidden where any of these marts hides it."""
    if UNKNOWN in classes or not marts:
        return frozenset()
    known = _known(settings)
    definitions = shown.definitions()
    return frozenset(
        str(column)
        for mart, column in zip(definitions["table_name"], definitions["column_name"], strict=True)
        if mart in marts and known.get((mart, column), UNKNOWN) not in classes
    )
