"""What waits is named at the run's end: the first few things one by one, the others counted."""

from __future__ import annotations

import duckdb

from cdp_assets.publishing.parked import MOST_NAMED, parked_sentences
from cdp_assets.settings import Settings


def test_each_thing_that_is_waited_for_is_named_and_the_rest_are_counted(settings: Settings) -> None:
    settings.published_dir.mkdir(parents=True)
    with duckdb.connect(str(settings.published_dir / "current.duckdb")) as con:
        con.execute(
            "create schema marts; create table marts.ops_parked (found_in text, channel text, parked_reason text, waits_for text,"
            "currency text, row_count bigint, first_date date, last_date date, amount decimal(18, 2))"
        )
        con.execute(
            "insert into marts.ops_parked values ('orders', 'shopify', 'no_rate', 'CHF', 'CHF', 2, '2017-01-02', '2017-01-05', 29)"
        )
        con.executemany(
            "insert into marts.ops_parked values ('order_lines', 'shopify', 'undeclared', ?, 'USD', ?, ?::date, '2017-02-03', 10)",
            [(f"Card {n}", 9 - n, f"2017-01-{3 + n:02}") for n in range(MOST_NAMED + 2)],
        )
    said = parked_sentences(settings)
    assert said[:2] == [
        "shopify: 9 order lines over 10.00 USD since 2017-01-03; nobody has said what Card 0 is, so it is no revenue: "
        "name it in data/reference/line_kinds.csv",
        "shopify: 8 order lines over 10.00 USD since 2017-01-04; nobody has said what Card 1 is, so it is no revenue: "
        "name it in data/reference/line_kinds.csv",
    ]
    assert said[MOST_NAMED].startswith(
        f"shopify: 11 order lines over 20.00 USD since 2017-01-{3 + MOST_NAMED:02};"
    )
    assert "2 further names" in said[MOST_NAMED]
    assert said[MOST_NAMED + 1] == (
        "shopify: 2 orders over 29.00 CHF since 2017-01-02; no rate for CHF: add it to data/reference/fx_rates.csv, or deliver the daily rates"
    )
    assert len(said) == MOST_NAMED + 2
