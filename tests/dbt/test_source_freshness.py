"""`dbt source freshness`, as people who know dbt ask it: what the ledger says, beside what the contracts promise."""

from __future__ import annotations

from datetime import date

import pytest
from small_retailer import SmallRetailer

from cdp_assets import dbt_runner
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from cdp_assets.warehouse import open_warehouse

PROMISED_DAILY, PROMISED_WEEKLY, NEVER_LANDED = "shopify_orders", "loyalty_members", "square_items"


@pytest.mark.integration
def test_dbt_says_of_each_promised_export_whether_it_is_older_than_promised(settings: Settings) -> None:
    with open_warehouse(settings):
        pass
    retailer = SmallRetailer(settings, date(2026, 1, 1))
    for channel, export in (("shopify", "orders"), ("loyalty", "members")):
        retailer.enter_load(channel, export, f"{channel}{export}", 1)
    with connect_state(settings) as con:
        con.execute("update loads set landed_at = now()::timestamp - interval 30 hour")
    said = {
        each.unique_id.rpartition(".")[2]: each.status
        for each in dbt_runner.invoke(settings, ["source", "freshness"], as_of_date=None)
    }
    wanted = {PROMISED_DAILY: "warn", PROMISED_WEEKLY: "pass", NEVER_LANDED: "warn"}
    assert {name: said[name] for name in wanted} == wanted
