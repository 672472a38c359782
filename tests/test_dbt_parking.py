"""Which deliveries a build fails on: told from the manifest and by trying, on a project of two channels."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from cdp_assets.dbt_parking import MOST_TRIED, _reason, broken_nodes, fewest
from cdp_assets.dbt_runner import NodeResult
from cdp_assets.landing.parked import Delivered

SHOP, SHOP_PEOPLE, TILL = (
    "model.p.stg_shop__orders",
    "model.p.stg_shop__customers",
    "model.p.stg_till__orders",
)
UNION, TEST, COLUMNS = "model.p.orders", "test.p.unique_shop", "test.p.columns_of_all"


def source(channel: str, export: str) -> tuple[str, dict[str, Any]]:
    meta = {"channel": channel, "export": export}
    return f"source.p.landing.{channel}_{export}", {"source_name": "landing", "config": {"meta": meta}}


def node(kind: str, schema: str) -> dict[str, Any]:
    return {"resource_type": kind, "schema": schema}


MANIFEST = {
    "sources": {
        **dict([source("shop", "orders"), source("shop", "people"), source("till", "items")]),
        "source.p.state.loads": {"source_name": "state", "config": {"meta": {}}},
    },
    "nodes": {
        SHOP: node("model", "staging"), SHOP_PEOPLE: node("model", "staging"), TILL: node("model", "staging"), UNION: node("model", "journeys"),
        TEST: node("test", "tests"), COLUMNS: node("test", "tests"),
    },
    "parent_map": {
        SHOP: ["source.p.landing.shop_orders", "source.p.state.loads", "seed.p.line_kinds"],
        SHOP_PEOPLE: ["source.p.landing.shop_people"], TILL: ["source.p.landing.till_items"], UNION: [SHOP, TILL], TEST: [SHOP],
        COLUMNS: [SHOP, TILL],
    },
}  # fmt: skip
ALL = [SHOP, SHOP_PEOPLE, TILL, UNION, TEST, COLUMNS]


def results(**statuses: str) -> list[NodeResult]:
    named = {"shop": SHOP, "till": TILL, "union": UNION, "test": TEST, "columns": COLUMNS}
    return [NodeResult(named[name], status, 0, None, None) for name, status in statuses.items()]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({"shop": "error", "union": "skipped", "till": "success"}, {SHOP: {("shop", "orders")}}),
        ({"shop": "error", "till": "error"}, {SHOP: {("shop", "orders")}, TILL: {("till", "items")}}),
        ({"shop": "success", "test": "fail"}, {TEST: {("shop", "orders")}}),
        ({"shop": "success", "test": "warn"}, {}),
        ({"shop": "error", "union": "error"}, {SHOP: {("shop", "orders")}}),
        ({"shop": "success", "union": "error"}, {}),  # beyond staging no one load can be blamed
        ({"columns": "fail"}, {}),  # it reads two channels
    ],
)
def test_only_what_reads_one_channel_through_its_staging_can_be_mended(
    statuses: dict[str, str], expected: dict[str, Any]
) -> None:
    assert broken_nodes(MANIFEST, ALL, results(**statuses)) == expected


def test_a_channel_of_which_only_a_part_is_built_is_left() -> None:
    assert broken_nodes(MANIFEST, [SHOP, UNION], results(shop="error")) == {}


def delivered(*sequences: int) -> list[Delivered]:
    return [Delivered(number, "shop", "orders", f"{number}.csv", 1) for number in sequences]


def numbers(new: Collection[Delivered], bad: set[int]) -> list[int]:
    """Which wait, where the nodes build without `bad` alone."""
    waiting = fewest(list(new), lambda out: bad <= {each.sequence for each in out})
    return [each.sequence for each in waiting]


@pytest.mark.parametrize("bad", [{1}, {3}, {1, 3}, {1, 2, 3}])
def test_only_the_loads_that_break_the_models_wait(bad: set[int]) -> None:
    assert numbers(delivered(1, 2, 3), bad) == sorted(bad)


def test_nothing_waits_where_leaving_out_all_that_is_new_helps_nothing() -> None:
    assert numbers(delivered(1, 2), {7}) == []


def test_of_very_many_all_wait_untried() -> None:
    new = delivered(*range(MOST_TRIED + 1))
    assert numbers(new, {1}) == list(range(MOST_TRIED + 1))
    assert numbers(new[:MOST_TRIED], {1}) == [1]


def test_a_single_load_is_tried_once() -> None:
    tried: list[int] = []
    assert len(fewest(delivered(1), lambda out: tried.append(len(out)) is None)) == 1
    assert tried == [1]


def test_what_failed_is_said_by_the_engine_or_by_its_status_and_without_a_path() -> None:
    said = NodeResult(
        SHOP, "error", 0, None, "Conversion Error: Could not cast; look at /home/x/target/a.sql"
    )
    assert _reason(said) == "fails on it (Conversion Error: Could not cast)"
    assert _reason(NodeResult(TEST, "fail", 0, 3, None)) == "fails on it (fail)"
