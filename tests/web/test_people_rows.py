"""Where a customer's rows stand: the same answers as a scan gives, from few rows, and no id in the files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pandas as pd
import pytest

from cdp_assets.publishing import generations
from cdp_assets.settings import Settings
from cdp_assets.web import people_rows, warmed
from cdp_assets.web.published import Published, newest_published
from cdp_assets.web.queries import customers as queries

QUESTIONS: list[Callable[[Published, str], pd.DataFrame]] = [
    queries.one,
    queries.id_events,
    queries.bought,
    queries.records,
    queries.edges,
    queries.timeline,
    *(
        (lambda shown, who, mart=mart: queries.of_customer(shown, mart, who))
        for mart in ("customer_rfm", "customer_value", "customer_lifecycle", "customer_traits", "customer_attribute_provenance", "consents")
    ),
]  # fmt: skip


def customer(number: int) -> str:
    return hashlib.md5(f"customer{number}".encode()).hexdigest()


@pytest.fixture
def shown(published: Settings) -> Published:
    found = newest_published(published)
    assert found is not None
    people_rows.make(found)
    return found


@pytest.mark.parametrize("question", range(len(QUESTIONS)))
def test_an_answer_is_that_of_a_scan(
    shown: Published, question: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = QUESTIONS[question]
    people = [customer(7), customer(0), "0" * 32]
    quick = [ask(shown, each) for each in people]
    monkeypatch.setattr(people_rows, "rows_of", lambda *_: None)
    for found, each in zip(quick, people, strict=True):
        scanned = ask(shown, each)
        assert list(found.columns) == list(scanned.columns)
        assert sorted(map(str, found.itertuples(index=False))) == sorted(
            map(str, scanned.itertuples(index=False))
        )


def test_the_rows_of_a_customer_are_read_and_no_others(shown: Published) -> None:
    for table, columns in people_rows.COLUMNS.items():
        rows = people_rows.rows_of(shown, table, [customer(7)])
        assert rows is not None
        named = " or ".join(f"{column} = $1" for column in columns)
        wanted = set(shown.ask(f"select rowid as n from {table} where {named}", customer(7))["n"])
        assert set(rows) == wanted


def test_the_files_hold_no_id_and_go_with_their_generation(published: Settings, shown: Published) -> None:
    files = list((published.home / "web" / "answers").glob("*.rows"))
    assert len(files) == sum(map(len, people_rows.COLUMNS.values()))
    for path in files:
        assert path.stat().st_mode & 0o077 == 0
        assert customer(7).encode() not in path.read_bytes()
    generations.flip(published, "g000001")
    other = newest_published(published)
    assert other is not None and other.generation == "g000001"
    assert people_rows.rows_of(other, "orders", [customer(7)]) is None
    warmed.forget_others(published, other)
    assert list((published.home / "web" / "answers").glob("*.rows")) == []


def test_a_column_whose_ids_share_a_fingerprint_is_scanned(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = newest_published(published)
    assert shown is not None
    real = Published.ask_once

    def shared(self: Published, sql: str, *parameters: object) -> pd.DataFrame:
        return real(
            self,
            sql.replace("md5_number_lower(customer_id)", "(md5_number_lower(customer_id) % 7)"),
            *parameters,
        )

    monkeypatch.setattr(Published, "ask_once", shared)
    people_rows.make(shown)
    assert people_rows.rows_of(shown, "orders", [customer(7)]) is None
    assert set(queries.timeline(shown, customer(7))["event"]) >= {"order"}
