"""The law of tables that follow their inputs: rows of affected keys replaced, night after night, equal the table built whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from delivered_rows import shopify_order, visit
from followed_nights import History, Nights, drawn, followers, live, shrunk

from cdp_assets import dbt_runner
from cdp_assets.warehouse import open_warehouse

pytestmark = pytest.mark.integration

FIRST: list[tuple[object, ...]] = [
    ("date", 100),
    ("order", 90, 10, 1, "ann", "d1", 3),
    ("order", 95, 20, 2, "ann", "d1", 4),
    ("order", 96, 20, 3, "ben", "d1", 5),
    ("till", 96, 30, 4, "ann", "d1", 1),
    ("login", 80, 10, 1, "ann", "d1", 0),
    ("visit", 95, 10, 2, "ann", "d1", 1),
    ("visit", 97, 10, 3, "ann", "d1", 5),
    ("visit", 101, 10, 9, "ann", "d1", 1),
    ("login", 60, 10, 4, "ben", "d2", 2),
    ("third user", 70, 1, 1, "ann", "d1", 0),
    ("third user", 71, 1, 2, "ben", "d1", 0),
    ("visit", 72, 1, 5, "", "kiosk", 0),
    ("call", 88, 5, 6, "cid", "d3", 2),
    ("scan", 88, 5, 7, "cid", "d3", 2),
    ("member", 70, 5, 7, "cid", "d3", 2),
    ("consent", 71, 5, 7, "ann", "d3", 0),
    ("member", 70, 5, 8, "ann", "d3", 2),
    ("visit", 75, 10, 12, "", "d1", 1),  # ann's, by her next log-in, until she refuses
    ("visit", 90, 10, 13, "", "d5", 1),  # ben's, from the day on that his log-in is known
    ("login", 101, 10, 14, "ben", "d5", 0),
]
# One night each: what re-binds old facts, without a date of today.
HAPPENINGS: dict[str, tuple[object, ...]] = {
    "nothing but the next day": ("date", 101),
    "a day back": ("date", 96),
    "a merge": ("merge", 90, 1, 1, "ben", "d1", 0),
    "a split": ("split", 90, 1, 1, "ann", "d1", 0),
    "a log-in that binds ninety days of a device": ("login", 99, 1, 8, "cid", "d2", 0),
    "a third user, who unbinds the device": ("third user", 99, 1, 3, "cid", "d1", 0),
    "a refund of an old order": ("refund", 99, 1, 1, "ann", "d1", 0),
    "a refund at the till": ("late refund", 99, 1, 4, "ann", "d1", 0),
    "a refund of an unknown sale": ("unlinked refund", 99, 1, 5, "ann", "d1", 0),
    "an order delivered again": ("replaced order", 99, 1, 5, "ann", "d1", 1),
    "a late order, which numbers the others anew": ("late order", 99, 1, 6, "ann", "d1", 0),
    "a consent withdrawn": ("consent", 99, 1, 6, "ann", "d1", 3),
    "an erasure": ("erasure", 99, 1, 6, "ann", "d1", 0),
    "a load that is current no more": ("withdrawn load", 99, 1, 0, "ann", "d1", 0),
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[str]], dict[str, Counter[str]]]:
    """Night → tables that came out otherwise, and the tables of which rows were replaced."""
    nights = Nights(tmp_path_factory.mktemp("lived") / "home")
    wrong, replaced = {"the first": nights.live(FIRST)}, {"the first": Counter(nights.replaced)}
    for name, happening in HAPPENINGS.items():
        before = Counter(nights.replaced)
        wrong[name] = nights.live([happening])
        replaced[name] = nights.replaced - before
    return wrong, replaced


@pytest.mark.parametrize("name", HAPPENINGS)
def test_each_table_is_as_its_query_gives_it(
    lived: tuple[dict[str, list[str]], dict[str, Counter[str]]], name: str
) -> None:
    assert lived[0][name] == []


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("the first", set()),
        ("nothing but the next day", {"devices", "customer_touchpoints"}),
        ("a day back", {"devices", "customer_touchpoints"}),
        ("a merge", {"devices", "customer_touchpoints", "customer_orders", "customer_refunds"}),
        ("a third user, who unbinds the device", {"devices", "customer_touchpoints"}),
        ("a refund of an old order", {"customer_refunds", "customer_orders"}),
        ("a late order, which numbers the others anew", {"order_amounts", "customer_orders"}),
        ("a consent withdrawn", {"customer_touchpoints"}),
        ("an erasure", {"customer_orders"}),
    ],
)
def test_tables_follow_what_they_are_made_of(
    lived: tuple[dict[str, list[str]], dict[str, Counter[str]]], name: str, tables: set[str]
) -> None:
    assert tables <= set(lived[1][name])
    if not tables:
        assert not lived[1][name]


def zone(nights: Nights) -> None:
    nights.retailer.settings = nights.retailer.settings.model_copy(
        update={"business_time_zone": "Asia/Shanghai"}
    )


def currency(nights: Nights) -> None:
    nights.retailer.settings = nights.retailer.settings.model_copy(update={"reporting_currency": "EUR"})


def window(nights: Nights) -> None:
    """A line of the project's `vars`, as where a team changes it between two nights."""
    nights.variables = {"device_login_lookback_days": 30}


def told(statement: str) -> Callable[[Nights], None]:
    """What the warehouse says of itself, changed with its seal kept."""

    def change(nights: Nights) -> None:
        with open_warehouse(nights.retailer.settings) as con:
            con.execute(statement)

    return change


def a_thousand_merges(nights: Nights) -> None:
    for number in range(1200):
        nights.retailer.people[f"ga4:u{number}"] = f"p{number // 2}"
        nights.retailer.people[f"shopify:guest:#T{number}"] = f"p{number // 2}"


def a_new_customer(nights: Nights) -> list[tuple[object, ...]]:
    """Somebody who logs in on a device of their own and orders: every table that follows has rows of theirs."""
    number = 100 + len(nights.orders)
    name, device = f"new{number}", f"device{number}"
    nights.retailer.people |= {f"ga4:{name}": name}
    return [("login", 99, 1, number, name, device, 0), ("order", 99, 2, number, name, device, 0)]


CHANGES: dict[str, tuple[Callable[[Nights], None], set[str]]] = {
    "another time zone": (zone, set()),  # staging is built whole, and what came out otherwise there is known
    "another window": (window, {"customer_touchpoints"}),
    "another currency": (currency, {"order_amounts", "customer_orders"}),
    "a digest that is missing": (told("delete from build.followed"), {"devices", "customer_touchpoints"}),
    "a fingerprint that is missing": (
        told("update build.nodes set fingerprint = null where ends_with(node, '.devices')"),
        {"devices", "customer_touchpoints"},
    ),
    "another version's warehouse": (
        told("alter table build.nodes drop column code"),
        {"devices", "order_amounts"},
    ),
    "a table of other columns": (
        told("alter table staging.stg_shopify__orders add column more int"),
        {"order_amounts", "line_costs"},
    ),
    "a map of other columns": (
        told(
            'alter table build."copy of source.onefold.identity.customer_ids" add column more int; '
            "update build.nodes set fingerprint = 'of then' where ends_with(node, 'customer_ids')"
        ),
        {"customer_touchpoints", "customer_orders"},
    ),
    "a thousand merges in one night": (a_thousand_merges, {"customer_touchpoints", "customer_orders"}),
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """A home with 1,200 people, each with an order and a log-in on a device."""
    nights = Nights(tmp_path_factory.mktemp("large") / "home")
    nights.live(FIRST)
    numbers = range(1200)
    nights.retailer.deliver(
        "shopify",
        "orders",
        [shopify_order(f"#T{n}", "2017-08-01 10:00:00", email=f"u{n}@x.test") for n in numbers],
    )
    visits = [visit(f"t{n}", "1", "2017-08-01 09:00:00", user_id=f"u{n}") for n in numbers]
    nights.retailer.deliver("ga4", "events", visits)
    assert nights.live([]) == []
    return nights


@pytest.mark.slow
@pytest.mark.parametrize(("change", "whole"), CHANGES.values(), ids=CHANGES)
def test_what_says_nothing_of_its_rows_builds_whole(
    large: Nights, change: Callable[[Nights], None], whole: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_vars = dbt_runner.run_vars
    monkeypatch.setattr(dbt_runner, "run_vars", lambda *chosen: run_vars(*chosen) | large.variables)
    change(large)
    large.replaced.clear()
    assert large.live(a_new_customer(large)) == []
    assert not whole & set(large.replaced), "what was replaced"
    assert large.live(a_new_customer(large)) == []
    assert whole <= set(large.replaced), "and the night after follows again"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_random_histories_equal_rebuilds(tmp_path: Path, seed: int) -> None:
    """`python benches/bench_followed.py 50` lives more of them."""
    history = drawn(seed)
    wrong, replaced = live(tmp_path / "home", history)
    assert not wrong, shrunk(history, lambda shorter: bool(live(tmp_path / "shorter", shorter)[0]))
    assert replaced, "rows were replaced"


def test_a_failing_history_is_made_as_small_as_it_can_be() -> None:
    history: History = [
        [("date", 1), ("order", 1)],
        [("date", 2)],
        [("merge", 3), ("order", 2), ("split", 4)],
    ]
    found = shrunk(
        history, lambda nights: {"order", "split"} <= {each[0] for night in nights for each in night}
    )
    assert sorted(each[0] for night in found for each in night) == ["order", "split"]
    assert len(found) == 1


def test_histories_have_every_kind_of_happening() -> None:
    seen = {happening[0] for seed in range(1, 6) for night in drawn(seed) for happening in night}
    assert {"merge", "split", "erasure", "withdrawn load", "late refund", "third user", "consent"} <= seen


def test_models_that_follow_are_named(tmp_path: Path, opened: object) -> None:
    """A model that follows without a proof here would be one too many: the histories touch what these are made of."""
    assert set(followers(opened)) == {  # type: ignore[arg-type]
        "devices", "customer_touchpoints", "line_costs", "order_amounts", "customer_refunds", "customer_orders",
    }  # fmt: skip
