"""Queries of pages stop in time and memory; they run in the worker, so none may build what DuckDB does not interrupt (one huge text)."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import duckdb
import pytest

import cdp_assets.web
from cdp_assets.settings import Settings
from cdp_assets.web import published as files
from cdp_assets.web.published import QueryStopped, newest_published

TOO_LONG = [
    "select sum(levenshtein(repeat('ab', 5000), repeat('ba', 5000 + range::int))) from range(100000)",
    "select count(*) from order_lines a, order_lines b, order_lines c, order_lines d where a.order_id < b.customer_id",
    "with recursive r as (select 1 as x union all select x + 1 from r) select max(x) from r",
]
TOO_LARGE = [
    "select list(a.order_id) from orders a, orders b, orders c",
    "select list(range) from range(100000000)",
]


@pytest.mark.parametrize("sql", [*TOO_LONG, *TOO_LARGE])
def test_a_query_that_takes_too_much_is_stopped(
    published: Settings, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.LIMITS, "seconds", 1.0)
    shown = newest_published(published)
    assert shown is not None
    begun = time.monotonic()
    with pytest.raises(QueryStopped):
        shown.ask(sql)
    assert (
        time.monotonic() - begun < 8.0
    )  # twice the limit where it was asked again alone, and a machine that others use


def test_no_query_of_a_page_builds_a_text_that_cannot_be_interrupted() -> None:
    folder = Path(cdp_assets.web.__file__).parent
    found = [
        path.name
        for path in (folder / "queries").glob("*.py")
        if re.search(r"\b(repeat|lpad|rpad|levenshtein|jaro\w*)\s*\(", path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_queries_that_do_not_fit_side_by_side_are_answered_one_after_another(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = newest_published(published)
    assert shown is not None
    running, most = [0], [0]
    real = files._asked

    def counted(con: object, sql: str, parameters: tuple[object, ...]) -> object:
        running[0] += 1
        most[0] = max(most[0], running[0])
        try:
            if running[0] > 1:
                raise duckdb.OutOfMemoryException("beside another")
            time.sleep(0.1)
            return real(con, sql, parameters)  # type: ignore[arg-type]
        finally:
            running[0] -= 1

    monkeypatch.setattr(files, "_asked", counted)
    answers: list[int] = []
    asking = [
        threading.Thread(target=lambda n=n: answers.append(int(shown.ask(f"select {n} as n")["n"].iloc[0])))
        for n in range(6)
    ]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert sorted(answers) == list(range(6)) and most[0] <= 2
