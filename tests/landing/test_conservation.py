"""Law 2 over random dirty files: every row is landed, quarantined, a duplicate or erased, by two independent counts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from cdp_assets.landing.contract import Export
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.parse import ParseResult, open_parser, parse_file
from cdp_assets.landing.readers import row_counts
from cdp_assets.landing.readers.delimited import write_careful_rows
from cdp_assets.landing.readers.inspection import Inspected, ParseJob, inspect_file
from cdp_assets.landing.readers.text import TextSource
from tests.landing.builders import contract_of

DIRTY = st.text(alphabet='ab1,"\n\r \t\x00é小', max_size=60)
CLEAN_CELL = st.text(alphabet='ab1,"\n é小', max_size=6)
CLEAN = st.lists(st.tuples(st.integers(1, 3), CLEAN_CELL), min_size=1, max_size=12)
FEW = examples(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A locked parser, as landing opens it, for all examples of a test."""
    con = open_parser([tmp_path], "256MB", 1, b"key", [])
    yield con
    con.close()


def _export() -> Export:
    facts = {"delivery": "snapshot", "replaces": "key"}
    columns = ({"name": "id", "logicalType": "integer", "primaryKey": True}, {"name": "text"})
    return contract_of(facts, *columns)["shop"].exports[0]


def _job(folder: Path, content: bytes) -> ParseJob:
    (folder / "original").write_bytes(content)
    return ParseJob(
        channel="shop", export=_export(), dialect=_export().facts, original=folder / "original", load_id="load", file_name="f",
        period=None, part=None, parquet=folder / "out.parquet", quarantine=folder / "bad.parquet", work_dir=folder,
        as_of_date=None, has_suppressed=False,
    )  # fmt: skip


def _is_conserved(result: ParseResult) -> bool:
    return result.parsed == result.landed + result.quarantined + result.duplicates + result.erased


@FEW
@given(body=DIRTY)
def test_no_row_of_a_dirty_file_is_lost(tmp_path: Path, con: duckdb.DuckDBPyConnection, body: str) -> None:
    job = _job(tmp_path, ("id,text\n" + body).encode())
    try:
        result = parse_file(con, inspect_file(job))
    except FileHeld as held:
        assert held.reason_code in {"header_only", "row_count_mismatch"}
        return
    assert _is_conserved(result)
    assert sum(reason.rows for reason in result.reasons) == result.quarantined


@FEW
@given(rows=CLEAN)
def test_the_careful_reader_and_duckdb_agree_on_well_formed_files(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, rows: list[tuple[int, str]]
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("id", "text"), *rows])
    job = _job(tmp_path, text.getvalue().encode())
    inspected = inspect_file(job)
    plain = parse_file(con, inspected)
    first = con.execute(f"select * from '{job.parquet}' order by _line").fetchall()
    careful = parse_file(con, Inspected(**{**inspected.__dict__, "is_plain": False}))
    second = con.execute(f"select * from '{job.parquet}' order by _line").fetchall()
    assert (plain, first) == (careful, second)
    assert plain.parsed == len(rows)


@FEW
@given(body=DIRTY.filter(lambda text: "\r" not in text and "\x00" not in text))
def test_the_independent_count_equals_the_careful_readers(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, body: str
) -> None:
    path = tmp_path / "text"
    path.write_bytes(body.encode())
    source = TextSource(path, False, 1 << 20)
    with source.open() as stream:
        count = row_counts.count_records(stream, ",", '"', [], 1 << 20, 0)
    write_careful_rows(source, _export().facts, 2, 0, tmp_path / "rows.parquet")
    found = con.execute(f"select count(*) from '{tmp_path}/rows.parquet'").fetchall()[0][0]
    assert count.records == found


def test_a_file_with_nothing_to_leave_out_lands_whole() -> None:
    plain = ParseResult(parsed=2, landed=2)
    assert (
        plain.landed + plain.quarantined + plain.duplicates + plain.erased + plain.anonymised == plain.parsed
    )
