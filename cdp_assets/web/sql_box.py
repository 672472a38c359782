"""One SELECT on the masked file, with limits that hold: rows, ten seconds, 512 MB, and only the columns that the person sees.

It never sees the contact file. What runs the query and ends it when its time is over is publishing's (limited_query).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cdp_assets.publishing.limited_query import SECONDS, QueryRefused, run_limited
from cdp_assets.settings import Settings
from cdp_assets.web.published import Published
from cdp_assets.web.visible import readable

ROW_LIMIT = 1000
AT_ONCE = threading.BoundedSemaphore(2)  # queries of one worker at a time


@dataclass(frozen=True)
class Answer:
    """Rows of a query, at most the limit; is_cut says that there were more."""

    rows: pd.DataFrame
    is_cut: bool


def run_query(
    settings: Settings, shown: Published, sql: str, classes: frozenset[str], *, row_limit: int = ROW_LIMIT
) -> Answer:
    """Run one SELECT; raises QueryRefused for anything else, for errors, and when time or memory are over."""
    tables = readable(settings, shown, classes)
    if not AT_ONCE.acquire(timeout=SECONDS):
        raise QueryRefused("busy")
    try:
        found = run_limited(Path(shown.marts_path), sql, tables=tables, most_rows=row_limit)
    finally:
        AT_ONCE.release()
    return Answer(pd.DataFrame(found.rows, columns=pd.Index(found.columns)), found.is_cut)
