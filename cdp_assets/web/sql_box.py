"""One SELECT on the masked file, with limits that hold: rows, ten seconds, 512 MB, and only the columns that the person sees.

It never sees the contact file. The query runs in a process of its own (sql_child), which is ended when its time is over.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from cdp_assets import dbt_manifest
from cdp_assets.dbt_classes import classes_of
from cdp_assets.settings import Settings
from cdp_assets.web.published import Published

ROW_LIMIT, SECONDS, MEMORY = 1000, 10.0, 512_000_000
AT_ONCE = threading.BoundedSemaphore(2)  # queries of one worker at a time


class QueryRefused(ValueError):
    """The query was not run or not finished; `code` names the text that says why, `detail` what DuckDB said."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code, self.detail = code, detail
        super().__init__(code)


@dataclass(frozen=True)
class Answer:
    """Rows of a query, at most the limit; is_cut says that there were more."""

    rows: pd.DataFrame
    is_cut: bool


@cache
def _classes(manifest: Path, written: float) -> dict[tuple[str, str], str]:
    """Class of each (mart, column) by the project's manifest, as of when it was written."""
    return classes_of(json.loads(manifest.read_text(encoding="utf-8")), "marts")


def readable(settings: Settings, shown: Published, classes: frozenset[str]) -> dict[str, list[str]]:
    """The marts with the columns of the classes that a person sees; a mart without any is left out.

    Marts hold no column of the highest class (publishing sees to that); what the manifest does not know counts as sensitive.
    """
    manifest = dbt_manifest.folder(settings) / "manifest.json"
    known = _classes(manifest, manifest.stat().st_mtime) if manifest.exists() else {}
    marts: dict[str, list[str]] = {}
    definitions = shown.definitions()
    for table, column in zip(definitions["table_name"], definitions["column_name"], strict=True):
        if known.get((table, column), "sensitive") in classes:
            marts.setdefault(str(table), []).append(str(column))
    return marts


def run_query(
    settings: Settings,
    shown: Published,
    sql: str,
    classes: frozenset[str],
    *,
    row_limit: int = ROW_LIMIT,
    seconds: float = SECONDS,
) -> Answer:
    """Run one SELECT; raises QueryRefused for anything else, for errors, and when time or memory are over."""
    tables = readable(settings, shown, classes)
    request = {
        "marts_path": shown.marts_path, "tables": tables, "sql": sql, "row_limit": row_limit, "memory_bytes": MEMORY,
        "tables_are_cut": "sensitive" not in classes,
    }  # fmt: skip
    if not AT_ONCE.acquire(timeout=seconds):
        raise QueryRefused("busy")
    try:
        answer = _in_child(json.dumps(request), seconds)
    finally:
        AT_ONCE.release()
    if "refused" in answer:
        raise QueryRefused(answer["refused"], answer.get("detail", ""))
    return Answer(pd.DataFrame(answer["rows"], columns=pd.Index(answer["columns"])), answer["is_cut"])


def _in_child(request: str, seconds: float) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "cdp_assets.web.sql_child"], input=request, capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise QueryRefused("timeout") from error
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise QueryRefused("memory") from error
    return found
