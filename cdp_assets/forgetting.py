"""What rooms and the room of rights say to each other of people who are sought, or to be erased: who they are, and where things lie.

Every room that keeps something below the home has a module `forgetting` with its `STORES`, a `find` and an `erase`. How a row is known to be
hers is not decided here, nor by a room: it asks who is `Sought`.
"""

from __future__ import annotations

import fnmatch
import gzip
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import duckdb

from cdp_assets.settings import Settings

# What a damaged file is told by, of whatever kind it says to be.
UNREADABLE = (
    EOFError,
    ValueError,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    zlib.error,
    sqlite3.Error,
    duckdb.Error,
)


@dataclass(frozen=True)
class Store:
    """One kind of thing that a home holds. patterns: files below the home; step: which step of an erasure cuts it ("-": it names nobody)."""

    name: str
    patterns: tuple[str, ...]
    step: str = "others"
    goes_whole: bool = (
        False  # a file that names her is removed, not cut: it is about her alone, or a decision
    )

    def has(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, each) for each in self.patterns)


@dataclass
class Counted:
    """What was done to one file: rows gone and rows that lost their person, by table."""

    removed: dict[str, int] = field(default_factory=dict)
    blanked: dict[str, int] = field(default_factory=dict)
    hidden: dict[str, int] = field(default_factory=dict)  # cells of aggregates with too few people left

    @property
    def tables(self) -> set[str]:
        """Tables that are not what they were."""
        return {*self.removed, *self.blanked, *self.hidden}

    @property
    def rows(self) -> int:
        return sum(self.removed.values()) + sum(self.blanked.values())


class Sought(Protocol):
    """The people that an access or an erasure is about."""

    @property
    def record_keys(self) -> Sequence[str]: ...
    @property
    def customer_ids(self) -> Sequence[str]: ...
    @property
    def platform_key_ids(self) -> Sequence[str]: ...
    @property
    def hashes(self) -> tuple[list[str], frozenset[str]]:
        """Keyed hashes of whatever may name them in a delivered file, and of which kinds they are."""

    def is_named_in(self, text: str) -> bool:
        """Whether a text names them."""

    def rows_in(self, path: Path) -> int:
        """Lines of a text, rows of a SQLite file, that name them."""

    def cut(self, path: Path) -> int:
        """Take these lines or rows out; how many. What nobody can take apart goes whole."""

    def rows_surely(self, path: Path) -> int:
        """Lines of a delivered file that name them by what is theirs in any file: an address, a number, a long id, a street."""

    def rows_likely(self, path: Path) -> int:
        """Lines that name them by anything: a name alone, or a short id, may be a stranger's, too."""

    def cut_surely(self, path: Path) -> int:
        """Take the sure lines out; how many. What cannot be taken apart stays: 0."""

    def rows_by_table(self, path: Path) -> dict[str, int]:
        """Rows of theirs in a DuckDB file, by table."""

    def is_in_database(self, path: Path) -> bool:
        """Whether a DuckDB file holds any row of theirs; quicker than counting."""

    def copy_database(
        self,
        path: Path,
        fresh: Path,
        *,
        keeps_constraints: bool = False,
        hides_small_cells: bool = False,
        is_of_build: bool = False,
    ) -> Counted:
        """A DuckDB file written again without them, and without cells of aggregates that would show them by subtraction.

        is_of_build: the file is a copy of the home's build, by which those cells can be told.
        """

    def copy_parquet(self, path: Path, fresh: Path) -> None:
        """A Parquet file written again without rows of theirs."""


File = tuple[str, Path, Store]  # name below the home, path, whose it is


def files_of(settings: Settings, stores: Sequence[Store]) -> Iterator[File]:
    """Files of some stores (patterns `folder/…`), in name order; links are left out. Only their folders are walked."""
    for folder in sorted({pattern.partition("/")[0] for store in stores for pattern in store.patterns}):
        for path in sorted((settings.home / folder).rglob("*")):
            name = path.relative_to(settings.home).as_posix()
            store = next((each for each in stores if each.has(name)), None)
            if store and path.is_file() and not path.is_symlink():
                yield name, path, store


def find_in_files(files: Iterable[File], sought: Sought) -> dict[str, int]:
    """File → lines or rows that name them; nothing is changed. A damaged file is passed over."""
    return {name: rows for name, path, _ in files if (rows := _rows_in(path, sought))}


def _rows_in(path: Path, sought: Sought) -> int:
    """0 for a damaged file: the scan of an erasure names it."""
    try:
        return sought.rows_in(path)
    except UNREADABLE:
        return 0


def erase_in_files(
    files: Iterable[File], sought: Sought, stays: Callable[[str], bool] = lambda _: False
) -> dict[str, int]:
    """Cut them out of files, but of those that must stay for now; file → lines or rows that went."""
    cut = {}
    for name, path, store in files:
        rows = 0 if stays(name) else _rows_in(path, sought)
        if not rows:
            continue
        if store.goes_whole:
            path.unlink()
        else:
            sought.cut(path)
        cut[name] = rows
    return cut


Asked = Callable[[Settings, Sought], dict[str, int]]


def in_files(stores: Sequence[Store]) -> tuple[Asked, Asked]:
    """`find` and `erase` of a room that keeps nothing but files."""

    def find(settings: Settings, sought: Sought) -> dict[str, int]:
        return find_in_files(files_of(settings, stores), sought)

    def erase(settings: Settings, sought: Sought) -> dict[str, int]:
        return erase_in_files(files_of(settings, stores), sought)

    return find, erase
