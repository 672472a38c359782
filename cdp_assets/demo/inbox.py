"""The files that the channels deliver, written piece by piece so that a million customers need no more memory than one
batch of them.

A writer hands over a query per file and batch; the header goes in when the file begins. What the rows say belongs to
`channels`.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cdp_assets.demo.xlsx import write_workbook

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

Format = Literal["csv", "ndjson"]
MONTHS = tuple((2017, month) for month in range(1, 13))
LAST_DAYS = "date '2017-12-18'"  # from then on two lists of one channel may not agree yet
QUARTERS = tuple((2017, month) for month in (3, 6, 9, 12))  # by their last month


class Inbox:
    """Appends query results to files under one folder and counts their rows by (channel, export)."""

    def __init__(self, con: duckdb.DuckDBPyConnection, root: Path, parameters: Parameters) -> None:
        self._con = con
        self._parameters = parameters
        self._root = root
        self._begun: set[Path] = set()
        self.rows: Counter[tuple[str, str]] = Counter()

    @property
    def files(self) -> int:
        """How many files were begun."""
        return len(self._begun)

    def cells(self, export: str, cells: dict[str, str], blank: str = "null") -> str:
        """Select list in the order of the export's real header; columns without an entry hold `blank`.

        `cells` maps header names to SQL; a name that the header lacks is an error, so that no value gets lost.
        """
        columns = self._parameters.columns(export)
        unknown = set(cells) - set(columns)
        if unknown:
            raise KeyError(f"{export} has no column {sorted(unknown)}: see headers.yaml")
        return ", ".join(f"{cells.get(name, blank)} as c{index}" for index, name in enumerate(columns))

    def append(
        self,
        export: tuple[str, str],
        name: str,
        query: str,
        *,
        header: str | None = None,
        preamble: str = "",
        fmt: Format = "csv",
        encoding: str = "utf-8",
        delimiter: str = ",",
        quote_all: bool = False,
        quoted: bool = True,
        newline: str = "\n",
    ) -> None:
        """Append the rows of `query` (a SELECT, ordered) to inbox file `name` of export (channel, export).

        The header row is that of headers.yaml, or `header`. A file begins with its first row: where nothing
        happened, nothing is delivered.
        """
        channel = export[0]
        path = self._root / channel / name
        part = self._root / ".part"
        if fmt == "ndjson":
            options = "format json"
        else:
            quoting = ", force_quote *" if quote_all else "" if quoted else ", quote '', escape ''"
            options = f"format csv, header false, delimiter '{delimiter}'{quoting}"
        written = self._con.execute(f"copy ({query}) to '{part}' ({options})").fetchone()
        text = part.read_bytes()
        part.unlink()
        if not written or not written[0]:
            return
        if newline != "\n":
            text = text.replace(b"\n", newline.encode())
        if encoding != "utf-8":
            text = text.decode("utf-8").encode(encoding)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            if path not in self._begun and fmt == "csv":
                first = self._parameters.headers[f"{channel}_{export[1]}"] if header is None else header
                file.write((preamble + first + newline).encode(encoding))
            file.write(text)
        self._begun.add(path)
        self.rows[export] += int(written[0])

    def append_workbook(self, export: tuple[str, str], stem: str, header: list[str], query: str) -> None:
        """Write the rows of `query` (text columns) as workbook STEM.xlsx; later batches get STEM-2.xlsx and so on.

        A workbook cannot be appended to, and one per batch keeps memory bounded.
        """
        rows = self._con.execute(query).fetchall()
        if not rows:
            return
        number = 1 + sum(path.name.startswith(stem) and path.suffix == ".xlsx" for path in self._begun)
        path = self._root / export[0] / (f"{stem}.xlsx" if number == 1 else f"{stem}-{number}.xlsx")
        write_workbook(path, header, rows)
        self._begun.add(path)
        self.rows[export] += len(rows)

    def append_text(
        self, export: tuple[str, str], name: str, text: str, rows: int, encoding: str = "utf-8"
    ) -> None:
        """Append finished lines to a file that was begun; without the file, nothing happens."""
        path = self._root / export[0] / name
        if path in self._begun:
            with path.open("ab") as file:
                file.write(text.encode(encoding))
            self.rows[export] += rows


def month_end(year: int, month: int) -> str:
    """Last day of a month, ISO."""
    return f"{year}-{month:02d}-{monthrange(year, month)[1]:02d}"


def month_start(year: int, month: int) -> str:
    """First day of a month, ISO; month 13 is the next year's first."""
    return f"{year + (month - 1) // 12}-{(month - 1) % 12 + 1:02d}-01"
