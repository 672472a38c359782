"""Files that leave the pages: a CSV that a spreadsheet cannot execute, and Parquet.

What goes into a file is the pages' queries' to decide; here is only how it is written.
"""

from __future__ import annotations

import io

import pandas as pd

RISKY_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 CSV with a byte order mark. Text that a spreadsheet would read as a formula gets an apostrophe in front.

    Numbers stay numbers: only text columns and headers are guarded (OWASP, "CSV injection").
    """
    guarded = pd.DataFrame(
        {
            _guarded(name): column if _is_plain(column) else column.map(_guarded)
            for name, column in table.items()
        }
    )
    return guarded.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def parquet(table: pd.DataFrame) -> bytes:
    """The table as Parquet, values untouched."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _is_plain(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)


def _guarded(value: object) -> object:
    """Leading blanks do not help an attacker: some spreadsheets trim them before they look."""
    if isinstance(value, str) and (value.startswith(RISKY_STARTS) or value.lstrip().startswith(RISKY_STARTS)):
        return "'" + value
    return value
