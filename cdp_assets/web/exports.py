"""Files that leave the site: CSV for machines (values as they are), CSV for spreadsheets (nothing they could execute), Parquet.

What goes into a file is the pages' to decide; here is only how it is written.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from cdp_assets.web.action import Download

RISKY_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
# Characters that a spreadsheet does not see at the start of a cell: blanks, controls, zero-width characters, byte order marks.
UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"}


@dataclass(frozen=True)
class Form:
    """One form of file. suffix: how its name ends, and says for whom it is."""

    suffix: str
    media_type: str
    write: Callable[[pd.DataFrame], bytes]

    def download(self, name: str, table: pd.DataFrame) -> Download:
        return Download(f"{name}.{self.suffix}", self.media_type, self.write(table))


def machine_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 without a byte order mark, values as they are: +86138… stays +86138…. Not to be opened in a spreadsheet."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def spreadsheet_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark. Text that a spreadsheet would read as a formula gets an apostrophe in front.

    Numbers stay numbers: only text columns and headers are guarded (OWASP, "CSV injection").
    """
    guarded = pd.DataFrame(
        {
            guarded_text(name): column if _is_plain(column) else column.map(guarded_text)
            for name, column in table.items()
        }
    )
    # All text stands in quotes: a semicolon within is no new cell where a spreadsheet splits at semicolons.
    written = guarded.to_csv(index=False, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    return written.encode("utf-8-sig")


def parquet(table: pd.DataFrame) -> bytes:
    """The table as Parquet, values as they are."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def guarded_text(value: object) -> object:
    """What hides before the first visible character does not help an attacker, nor does its full-width form."""
    if not isinstance(value, str) or not value:
        return value
    start = next(
        (at for at, character in enumerate(value) if unicodedata.category(character) not in UNSEEN),
        len(value),
    )
    first = unicodedata.normalize("NFKC", value[start : start + 1])
    return "'" + value if value[0] in "\t\r\n" or first.startswith(RISKY_STARTS) else value


def _is_plain(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)


FORMS = {
    "csv": Form("machine.csv", "text/csv; charset=utf-8", machine_csv),
    "spreadsheet": Form("spreadsheet.csv", "text/csv; charset=utf-8", spreadsheet_csv),
    "parquet": Form("parquet", "application/vnd.apache.parquet", parquet),
}
