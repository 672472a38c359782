"""How a parser's DuckDB is opened, here or in a child: plain data, without DuckDB until it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class ParserSetup:
    """What `parsing.open_parser` needs."""

    folders: list[Path]
    memory_limit: str
    threads: int
    key: bytes
    suppressed: list[str]

    @contextmanager
    def open(self, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
        """A locked DuckDB that is closed at the end."""
        from cdp_assets.landing.parse import open_parser

        con = open_parser(self.folders, self.memory_limit, threads, self.key, self.suppressed)
        try:
            yield con
        finally:
            con.close()
