"""A file that keeps its contract and that its channel's staging fails on: it waits by name, and everything else is built with what was in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from small_retailer import SmallRetailer, failures
from test_two_lists import csv_of, item, listed, sale

from cdp_assets import dbt_manifest
from cdp_assets.dbt_parking import build_parking
from cdp_assets.dbt_runner import NodeResult
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.state import connect_state

pytestmark = pytest.mark.integration

ORDERS, ITEMS, SOLD = (
    "taobao/ExportOrderList_{}.csv",
    "taobao/ExportOrderDetailList_{}.csv",
    "square/items-{}-2026-09-01.csv",
)
BEYOND = item(2, "999999999.00", "999999999")  # a sum that no column of money holds


def marketplace(name: str, day: str, rows: list[dict[str, str]], export: str) -> dict[str, bytes]:
    return {name.format(day): csv_of(export, rows, "gb18030")}


def deliver(made: SmallRetailer, folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    made.land(folder)


def night(made: SmallRetailer, run_id: str) -> tuple[list[NodeResult], RunRecord, list[list[str]]]:
    """Build the staging of one channel and a model of another as a run does; returns also which nodes were built, build by build."""
    manifest = dbt_manifest.read(made.settings)
    models = [
        node
        for node, facts in manifest["nodes"].items()
        if facts["resource_type"] == "model"
        and facts["schema"] == "staging"
        and (facts["fqn"][2] == "taobao" or facts["name"] == "stg_square__orders")
    ]
    record = RunRecord(made.settings, run_id)
    builds: list[list[str]] = []

    def build(nodes: Sequence[str]) -> list[NodeResult]:
        names = [manifest["nodes"][node]["name"] for node in nodes]
        builds.append(names)
        return made.dbt("build", "--select", *names, "line_kinds", "--indirect-selection", "empty")

    return build_parking(made.settings, record, manifest, models, build), record, builds


def published(made: SmallRetailer) -> None:
    with connect_state(made.settings) as con:
        con.execute(
            "insert into generations by name select 'g000001' as generation, 'first' as run_id, date '2026-08-06' as as_of_date, "
            "'current' as status, now()::timestamp as created_at"
        )


def staged(made: SmallRetailer, table: str) -> list[str]:
    return [row[0] for row in made.query(f"select distinct order_id from staging.{table} order by 1")]


@pytest.fixture
def shop(tmp_path: Path) -> SmallRetailer:
    """A home whose first night was published."""
    made = SmallRetailer.open(tmp_path / "home", date(2026, 8, 6))
    first = {
        **marketplace(ORDERS, "2026-08-05", [listed(1, "30.00")], "taobao_orders"),
        **marketplace(ITEMS, "2026-08-05", [item(1, "30.00")], "taobao_items"),
        SOLD.format("2026-08-01"): csv_of("square_items", [sale("", 1, "20.00", "C1")]),
    }
    deliver(made, tmp_path / "first", first)
    results, _, builds = night(made, "first")
    assert not failures(results)
    assert len(builds) == 1
    published(made)
    return made


def test_the_load_that_breaks_its_channel_waits_and_the_others_are_built(
    shop: SmallRetailer, tmp_path: Path
) -> None:
    second = {
        **marketplace(ORDERS, "2026-08-06", [listed(2, "30.00")], "taobao_orders"),
        **marketplace(ITEMS, "2026-08-06", [BEYOND], "taobao_items"),
        **marketplace(ITEMS, "2026-08-07", [item(3, "30.00")], "taobao_items"),
        SOLD.format("2026-08-02"): csv_of("square_items", [sale("", 2, "20.00", "C2")]),
    }
    deliver(shop, tmp_path / "second", second)
    results, record, builds = night(shop, "second")
    assert not failures(results)
    assert staged(shop, "stg_taobao__order_lines") == ["3000000000000001", "3000000000000003"]
    assert staged(shop, "stg_taobao__orders") == ["3000000000000001", "3000000000000002"]
    assert staged(shop, "stg_square__orders") == ["T1", "T2"]
    with connect_state(shop.settings) as con:
        ((name, code, detail),) = con.execute(
            "select file_name, reason_code, detail from held_files"
        ).fetchall()
    assert (name, code) == ("ExportOrderDetailList_2026-08-06.csv", "breaks_models")
    assert "stg_taobao__order_lines fails on it (Conversion Error" in detail
    assert "999" not in detail
    (told,) = [step.detail for step in record.steps() if step.kind == "tell"]
    assert told is not None
    assert told.startswith("parked: taobao/ExportOrderDetailList_2026-08-06.csv;")
    assert builds[1] == ["stg_taobao__order_lines"]  # trials build only what failed


def test_a_model_that_fails_without_anything_new_fails_the_night(shop: SmallRetailer, tmp_path: Path) -> None:
    """Nothing is parked that a generation was built from: then the project changed, not the data."""
    deliver(shop, tmp_path / "second", marketplace(ITEMS, "2026-08-06", [BEYOND], "taobao_items"))
    with connect_state(shop.settings) as con:
        con.execute("update generations set created_at = timestamp '2100-01-01'")
    results, record, builds = night(shop, "second")
    assert [result.unique_id for result in results if result.status == "error"] == [
        "model.onefold.stg_taobao__order_lines"
    ]
    assert len(builds) == 1
    assert record.steps() == []
    with connect_state(shop.settings) as con:
        assert (
            con.execute("select 1 from held_files union all select 1 from delivery_rulings").fetchall() == []
        )
