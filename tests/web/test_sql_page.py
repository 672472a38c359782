"""Queries of one's own: what they can reach, and how much they can take."""

from __future__ import annotations

import io
import resource
import threading
import time
from functools import partial
from typing import Any

import duckdb
import pandas as pd
import pytest

from cdp_assets import audit
from cdp_assets.publishing import limited_query, query_child
from cdp_assets.publishing.limited_query import QueryRefused
from cdp_assets.settings import Settings
from cdp_assets.web import sql_box
from cdp_assets.web.published import current_published
from cdp_assets.web.texts import Texts
from cdp_assets.web.visible import readable
from tests.web.conftest import Reader

ALL = frozenset({"public", "internal", "sensitive"})


def outcome(settings: Settings, sql: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    """What the child would answer, without a child and its limits: what a query may reach does not depend on them."""
    monkeypatch.setattr(query_child, "limit_process", lambda seconds, memory_bytes: None)
    shown = current_published(settings)
    assert shown is not None
    asked = {"database": shown.marts_path, "sql": sql, "parameters": [], "tables": readable(settings, shown, ALL), "seconds": 9,
             "memory_bytes": 512 << 20, "most_rows": 10}  # fmt: skip
    try:
        return query_child._answer(asked)
    except duckdb.Error:
        return ("error", "")


def ask(settings: Settings, sql: str) -> sql_box.Answer:
    shown = current_published(settings)
    assert shown is not None
    return sql_box.run_query(settings, shown, sql, ALL)


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) as n from orders",
        "from customers limit 3",
        "with big as (select * from orders) select count(*) from big join customers using (customer_id)",
        "select range from range(5)",
        "select * from (values (1), (2)) as v(x)",
        "select unnest([1, 2])",
    ],
)
def test_a_select_on_the_published_tables_is_answered(
    published: Settings, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(outcome(published, sql, monkeypatch)[1]) > 0


@pytest.mark.parametrize(
    "sql",
    [
        "select * from contact.customers_contact",
        "select * from published.marts.customers",
        "select * from (summarize published.marts.customers)",
        "select * from (describe customers)",
        "select * from (show all tables)",
        "summarize customers",
        "select * from duckdb_databases()",
        "select * from duckdb_tables",
        "select * from information_schema.tables",
        "select a.* from duckdb_databases a, (with duckdb_databases as (select 1) select * from duckdb_databases) b",
        "select * from sqlite_master",
        "select * from query_table('published.marts.customers')",
        "select * from query('select 1')",
        "select * from '/etc/passwd'",
        "select * from read_text('/etc/passwd')",
        "select * from glob('/*')",
        "select * from parquet_scan('x')",
        "attach '/tmp/x.duckdb'",
        "copy customers to '/tmp/x.csv'",
        "create table t as select 1",
        "insert into customers select * from customers",
        "pragma database_list",
        "set memory_limit = '8GB'",
        "install httpfs",
        "call duckdb_settings()",
        "explain analyze select 1",
        "select 1; select 2",
        "",
        "select",
        "prepare p as select 1",
    ],
)
def test_anything_else_is_refused(published: Settings, sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcome(published, sql, monkeypatch)[0] in {"one_statement", "select_only", "not_there", "error"}


TOO_MUCH = [
    "select repeat('x', 400000000) as x",
    "select sum(levenshtein(repeat('ab', 5000), repeat('ba', 5000 + range::int))) from range(100000)",
    "select list(a.order_id) from orders a, orders b, orders c",
]
TOO_MUCH_TOO = [
    "select lpad('x', 2000000000, 'y') as x",
    "select string_agg(repeat('x', 100000), '') from range(1000000)",
    "select * from orders a, orders b, orders c order by a.order_id || b.order_id || c.order_id",
    "select count(*) from orders a, orders b, orders c, orders d, customers e where a.order_id < e.customer_id",
    "with recursive r as (select 1 as x union all select x + 1 from r) select max(x) from r",
]


@pytest.mark.parametrize(
    "sql", [*TOO_MUCH, *(pytest.param(each, marks=pytest.mark.slow) for each in TOO_MUCH_TOO)]
)
def test_what_takes_too_much_ends_in_time_and_takes_no_more_than_its_memory(
    published: Settings, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_box, "run_limited", partial(limited_query.run_limited, seconds=2))
    begun, before = time.monotonic(), largest_child()
    with pytest.raises(QueryRefused) as refused:
        ask(published, sql)
    assert refused.value.code in {"timeout", "memory", "size"}
    assert time.monotonic() - begun < 2 + limited_query.START_SECONDS + 30  # for others on the machine
    # kB: rows, and the process itself; another test's child may have been larger, and a child begins as a copy of this process
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert largest_child() <= max(before, own, (512 << 10) + (200 << 10))


def largest_child() -> int:
    """kB of the largest process that this one ever started and waited for."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def test_the_limits_are_ten_seconds_and_512_megabytes() -> None:
    assert (limited_query.SECONDS, limited_query.MEMORY_BYTES) == (10, 512 << 20)


def test_queries_of_others_wait_and_pages_do_not(site: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> limited_query.Answer:
        begun.set()
        ended.wait(20)
        return limited_query.Answer(["x"], [(1,)], False)

    monkeypatch.setattr(sql_box, "run_limited", slow)
    other = Reader(site.settings)
    site.get("/sql")
    thread = threading.Thread(target=lambda: site.post("/sql/run", {"sql": "select 1"}))
    thread.start()
    assert begun.wait(10) and other.get("/").status_code == 200 and thread.is_alive()
    ended.set()
    thread.join()


def test_the_page_says_why_and_keeps_the_query_and_the_log_has_it(site: Reader) -> None:
    site.get("/sql")
    shown = site.post("/sql/run", {"sql": "select * from contact.customers_contact"})
    assert "Only the published tables can be read here" in shown.text and "customers_contact" in shown.text
    assert audit.read(site.settings)[0].facts["refused"] == "not_there"
    done = site.post("/sql/run", {"sql": "select '<script>x</script>' as \"<b>name</b>\""})
    assert "<script>x" not in done.text and "<b>name" not in done.text and "&lt;script&gt;" in done.text
    assert audit.read(site.settings)[0].action == "query"


@pytest.mark.parametrize(
    "sql",
    ["select cast((select string_agg(masked_email, ',') from customers) as int)", "select error(string_agg(masked_email, ';')) from customers"],
)  # fmt: skip
def test_rows_that_an_error_tells_are_in_the_log_too(site: Reader, sql: str) -> None:
    site.get("/sql")
    assert "a***@example.com" in site.post("/sql/run", {"sql": sql}).text
    (entry,) = audit.read(site.settings)
    assert (entry.action, entry.facts["refused"], entry.facts["sql"]) == ("query", "error", sql)


def test_a_query_is_in_the_log_to_its_end(site: Reader) -> None:
    site.get("/sql")
    sql = f"select 1 -- {'nothing to see ' * 200}\n, masked_email from customers"
    assert site.post("/sql/run", {"sql": sql}).status_code == 200
    assert audit.read(site.settings)[0].facts["sql"] == sql
    assert " …" in site.get("/audit_log").text


def test_a_long_answer_says_that_it_is_cut(site: Reader) -> None:
    site.get("/sql")
    shown = site.post("/sql/run", {"sql": "select range from range(5000)"})
    assert Texts("en").t("sql.cut", rows="1,000") in shown.text


def test_a_file_of_a_query_keeps_the_types(site: Reader) -> None:
    site.get("/sql")
    sql = "select date '2020-01-02' as day, 1.25::decimal(18,2) as amount, 7 as n"
    answer = site.post("/sql/run", {"sql": sql, "form": "parquet"})
    found = pd.read_parquet(io.BytesIO(answer.content))
    assert (str(found["amount"].iloc[0]), int(found["n"].iloc[0])) == ("1.25", 7)
