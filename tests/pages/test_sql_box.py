"""The SQL box: one select on the masked file, bounded in rows, time and memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cdp_assets.pages.sql_box import QueryRefused, run_query


@pytest.fixture
def marts(published_template: Path) -> str:
    return os.path.realpath(published_template / "published" / "current.duckdb")


def test_a_select_answers(marts: str) -> None:
    answer = run_query(marts, "select count(*) as customers from customers")
    assert answer.rows.to_dict("list") == {"customers": [60]} and not answer.is_cut


def test_more_rows_than_the_limit_are_cut_and_said_to_be(marts: str) -> None:
    answer = run_query(marts, "select range from range(1000000000)", row_limit=5)
    assert len(answer.rows) == 5 and answer.is_cut


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("select 1; select 2", "one_statement"),
        ("", "one_statement"),
        ("create table t as select 1", "select_only"),
        ("set memory_limit = '1TB'", "select_only"),
        ("copy customers to '/tmp/never.csv'", "select_only"),
        ("select * from read_csv('/etc/passwd')", "error"),
        ("select * from contact_file.contact.customers_contact", "error"),
        ("selec 1", "error"),
    ],
)
def test_anything_else_is_refused_with_a_reason(marts: str, sql: str, code: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        run_query(marts, sql)
    assert refused.value.code == code


def test_a_query_that_takes_too_long_is_stopped(marts: str) -> None:
    began = time.monotonic()
    with pytest.raises(QueryRefused) as refused:
        run_query(
            marts, "select sum(a.range * b.range) from range(10000000) a, range(1000000) b", seconds=0.5
        )
    assert refused.value.code == "timeout"
    assert time.monotonic() - began < 10
