"""Queries of pages stop in time and memory; they run in the worker, so none may build what DuckDB does not interrupt (one huge text)."""

from __future__ import annotations

import re
import resource
import shutil
import threading
import time
from pathlib import Path

import duckdb
import pytest

import cdp_assets.web
from cdp_assets.settings import PROJECT_DIR, Settings
from cdp_assets.web import counted_apart
from cdp_assets.web import published as files
from cdp_assets.web.published import QueryStopped, newest_published
from cdp_assets.web.texts import Texts
from tests.web.conftest import Reader

OF_THE_MACHINE = (
    30.0  # seconds that others may take of the machine; by itself none of these queries ends in an hour
)
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
    assert time.monotonic() - begun < OF_THE_MACHINE


OWN = "title: Own\npurpose: marketing\n"
HUGE = [
    "select lpad('x', 2000000000, 'y') as customer_id",
    "select repeat(customer_id, 100000000) as customer_id from customers",
]
ENDLESS = "select customer_id from customers where (select sum(levenshtein(repeat('ab', 9000), repeat('ba', 9000 + range::int))) from range(1000000)) > 0"


@pytest.fixture
def own_audience(published: Settings, tmp_path: Path) -> tuple[Settings, Path]:
    """A project with one audience in SQL, and the file of its query."""
    folder = tmp_path / "project" / "audiences"
    shutil.copytree(
        PROJECT_DIR / "dbt_project",
        folder.parent / "dbt_project",
        ignore=shutil.ignore_patterns("target", "logs"),
    )
    folder.mkdir()
    (folder / "own.yaml").write_text(OWN, encoding="utf-8")
    return published.model_copy(update={"project": folder.parent}), folder / "own.sql"


@pytest.mark.parametrize(
    "sql", [HUGE[0], *(pytest.param(each, marks=pytest.mark.slow) for each in [HUGE[1], ENDLESS])]
)
def test_an_audience_in_sql_that_takes_too_much_is_ended_by_the_system(
    own_audience: tuple[Settings, Path], sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, path = own_audience
    path.write_text(sql, encoding="utf-8")
    monkeypatch.setattr(counted_apart, "SECONDS", 2)
    begun = time.monotonic()
    shown = Reader(settings).get("/audiences/own")
    assert time.monotonic() - begun < 2 + counted_apart.START_SECONDS + OF_THE_MACHINE
    assert shown.status_code == 503 and Texts("en").t("error.stopped.title") in shown.text
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(own, 712 << 10)  # kB


def test_an_audience_in_sql_is_counted_on_its_page_and_in_the_list(
    own_audience: tuple[Settings, Path],
) -> None:
    settings, path = own_audience
    path.write_text("select customer_id from customers where order_count >= 1", encoding="utf-8")
    site = Reader(settings)
    assert 'id="t-waterfall"' in site.get("/audiences/own").text
    assert "Own" in site.get("/audiences").text
    path.write_text("select nothing as customer_id from customers", encoding="utf-8")
    refused = Reader(settings).get("/audiences/own")
    assert refused.status_code == 200 and "audiences/own.sql" in refused.text


def test_limits_of_an_audience_in_sql_are_ten_seconds_and_512_megabytes() -> None:
    assert (counted_apart.SECONDS, counted_apart.MEMORY_BYTES) == (10, 512 << 20)


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
