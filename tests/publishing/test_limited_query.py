"""A query over a published file is answered, or refused in time: neither its text nor its size can hurt the server."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cdp_assets.publishing.limited_query import QueryRefused, run_limited


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("published") / "masked.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(
            "create schema marts; create table marts.numbers as select range as number from range(100)"
        )
    return path


def test_a_select_is_answered_with_its_columns_and_cut_where_asked(published: Path) -> None:
    answer = run_limited(
        published, "select number from marts.numbers where number < $1 order by 1", [5], most_rows=3
    )
    assert (answer.columns, answer.rows, answer.is_cut) == (["number"], [(0,), (1,), (2,)], True)


@pytest.mark.parametrize(
    "sql",
    [
        "drop table marts.numbers",
        "select 1; select 2",
        "copy marts.numbers to '/tmp/x.csv'",
        "select * from read_csv('/etc/passwd')",
        "set memory_limit = '9GB'",
        "select nothing from marts.numbers",
    ],
)
def test_what_is_not_one_reading_query_is_refused(published: Path, sql: str) -> None:
    with pytest.raises(QueryRefused):
        run_limited(published, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select repeat('x', 2000000000)",
        "select lpad('x', 2000000000, 'y')",
        "select list(a.number) from marts.numbers a, marts.numbers b, marts.numbers c, marts.numbers d",
        "select sum(levenshtein(repeat('ab', 9000), repeat('ba', 9000 + a.number::int))) from marts.numbers a, marts.numbers b",
    ],
)
def test_what_is_too_much_is_refused_in_time(published: Path, sql: str) -> None:
    with pytest.raises(QueryRefused, match="ask for less"):
        run_limited(published, sql, seconds=2, memory_bytes=256 << 20)
