"""What is neither landing nor DuckDB: rows that hold somebody, counted and cut, whatever the file's kind."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdp_assets.rights.files import Finder, cut_file, is_plain_text, rows_in

HERS = "rosa@example.test"
ROWS = [("1", "ana@example.test"), ("2", f"said {HERS} twice: {HERS}"), ("3", None), ("4", HERS.upper())]


def _write(path: Path) -> Path:
    lines = "".join(f"{number},{mail or ''}\n" for number, mail in ROWS)
    if path.suffix == ".parquet":
        numbers, mails = zip(*ROWS, strict=True)
        nested = pa.array([{"mail": each} for each in mails])
        pq.write_table(pa.table({"n": pa.array(numbers), "said": nested}), path, row_group_size=2)
    elif path.suffix == ".sqlite":
        with sqlite3.connect(path) as con:
            con.execute("create table said (n text, mail text)")
            con.executemany("insert into said values (?, ?)", ROWS)
        con.close()
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path)) as con:
            con.execute("create table said (n text, mail text)")
            con.executemany("insert into said values (?, ?)", ROWS)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(lines.encode()))
    else:
        path.write_bytes(lines.encode("utf-16" if path.stem == "wide" else "utf-8"))
    return path


@pytest.mark.parametrize("name", ["plain.csv", "wide.csv", "packed.gz", "site.sqlite", "list.parquet"])
def test_rows_that_hold_her_are_counted_and_the_others_stay(tmp_path: Path, name: str) -> None:
    path = _write(tmp_path / name)
    finder = Finder([HERS])
    assert rows_in(path, finder) == 2
    assert is_plain_text(path) == (name in ("plain.csv", "packed.gz"))
    if name != "wide.csv":  # lines cannot be taken out of it
        assert cut_file(path, finder) == 2
        assert rows_in(path, finder) == 0 and rows_in(path, Finder(["ana@example.test"])) == 1


def test_a_database_of_a_kind_that_nobody_rewrites_here_goes_whole(tmp_path: Path) -> None:
    """Cut by lines, it was no database any more, and kept a certificate interim for ever."""
    path = _write(tmp_path / "export.duckdb")
    finder = Finder([HERS])
    assert rows_in(path, finder) == 2 and not is_plain_text(path)
    assert rows_in(path, Finder(["nobody@example.test"])) == 0
    assert cut_file(path, finder) == 2 and not path.exists()


def test_what_is_left_of_a_table_in_columns_reads_as_before(tmp_path: Path) -> None:
    path = _write(tmp_path / "list.parquet")
    before = pq.read_table(path)
    cut_file(path, Finder([HERS]))
    after = pq.read_table(path)
    assert after.schema == before.schema and after.to_pylist() == [before.to_pylist()[at] for at in (0, 2)]
