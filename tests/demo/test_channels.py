"""Channels beyond the default ones keep their quirks too."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Literal

import duckdb
import pytest
from python_calamine import load_workbook

from cdp_assets.demo import SimulationProblem, SimulationReport, simulate
from cdp_assets.demo.baskets import CLOSES, OPENS
from cdp_assets.demo.leads import FILE as UNREAD
from cdp_assets.demo.parameters import load_parameters

# one worker builds what this group shares, once
pytestmark = pytest.mark.xdist_group("demo_channels")

EVERY_CHANNEL = [
    *("shopify", "square", "youzan", "amazon", "taobao", "mailchimp", "loyalty", "ga4"),
    *("google_ads", "meta_ads", "segment", "purchasing"),
]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> SimulationReport:
    """250 persons over all channels."""
    return simulate(250, 5, tmp_path_factory.mktemp("every_channel"), channels=EVERY_CHANNEL)


def _rows(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
        return list(csv.DictReader(file, delimiter=delimiter, quoting=quoting))


def test_every_channel_delivers(everything: SimulationReport) -> None:
    assert {channel for channel, _ in everything.rows} == set(EVERY_CHANNEL)
    folders = {path.name for path in (everything.out / "inbox").iterdir() if path.is_dir()}
    assert folders == {*EVERY_CHANNEL, UNREAD.partition("/")[0]}


def test_amazon_names_no_buyer_and_leaves_money_of_cancelled_orders_blank(
    everything: SimulationReport,
) -> None:
    statuses: dict[str, set[str]] = {}
    for path in sorted((everything.out / "inbox" / "amazon").glob("*.txt")):
        for row in _rows(path, delimiter="\t"):
            assert None not in row.values()
            assert bool(row["item-price"]) == (row["order-status"] != "Cancelled")
            assert row["purchase-date"].endswith("+00:00")
            statuses.setdefault(row["amazon-order-id"], set()).add(row["order-status"])
    assert {"Pending", "Shipped"} in statuses.values()
    assert {"Cancelled"} in statuses.values()


def test_taobao_quotes_every_cell_in_gb18030_and_changes_to_workbooks(everything: SimulationReport) -> None:
    folder = everything.out / "inbox" / "taobao"
    lists = sorted(folder.glob("ExportOrderList_*.csv"))
    assert lists and all(path.stem < "ExportOrderList_2017-09" for path in lists)
    header, *data = lists[0].read_bytes().decode("gb18030").splitlines()
    assert header == load_parameters().headers["taobao_orders"]
    assert all(line.startswith('"') and line.endswith('"') and ",," not in line for line in data)
    book = load_workbook(sorted(folder.glob("*.xlsx"))[0]).get_sheet_by_index(0).to_python()
    name, phone, *_ = str(book[1][5]).split("，")
    assert name and phone.startswith("86-1")


def test_taobao_items_add_up_to_what_their_orders_cost(everything: SimulationReport) -> None:
    folder = everything.out / "inbox" / "taobao"
    paid = {
        row["订单编号"]: float(row["买家应付货款"])
        for path in folder.glob("ExportOrderList_*.csv")
        for row in _rows(path, "gb18030")
    }
    goods: dict[str, float] = {}
    for path in folder.glob("ExportOrderDetailList_*.csv"):
        for row in _rows(path, "gb18030"):
            goods[row["订单编号"]] = goods.get(row["订单编号"], 0) + float(row["价格"]) * float(
                row["购买数量"]
            )
    assert paid
    # prices are rounded to the cent per piece, discounts are taken from the order
    assert all(amount <= goods[order] + 1 for order, amount in paid.items())


def test_segment_identifies_before_it_names_a_user(everything: SimulationReport) -> None:
    folder = everything.out / "inbox" / "segment"
    calls = sorted(
        (
            json.loads(line)
            for path in folder.glob("*.ndjson")
            for line in path.read_text("utf-8").splitlines()
        ),
        key=lambda call: call["timestamp"],
    )
    identified: set[str] = set()
    for call in calls:
        if call["type"] == "identify":
            identified.add(call["userId"])
            assert call["traits"]["name"]
        elif call["userId"] is not None:
            assert call["userId"] in identified
    assert identified


def test_meta_ads_says_its_currency_in_a_header(everything: SimulationReport) -> None:
    path = sorted((everything.out / "inbox" / "meta_ads").glob("*.csv"))[0]
    rows = _rows(path)
    assert sum(float(row["Amount spent (USD)"]) for row in rows) > 0


def test_square_transactions_and_items_have_the_same_net_sales(everything: SimulationReport) -> None:
    """But for those whose items came in part or not at all, which the truth names, amounts given back for which no item is named, and gift cards."""

    def nets(pattern: str) -> dict[str, float]:
        found: dict[str, float] = defaultdict(float)
        for path in (everything.out / "inbox" / "square").glob(pattern):
            for row in _rows(path):
                if row.get("Description") == "Custom Amount":
                    assert row["Event Type"] == "Refund"
                    continue
                if row.get("Item") == "Gift Card":
                    continue
                found[row["Transaction ID"]] += float(row["Net Sales"].replace("$", "").replace(",", ""))
        return found

    transactions, items = nets("transactions-*.csv"), nets("items-*.csv")
    parked = {
        row[0]
        for row in duckdb.execute(
            f"select order_id from '{everything.out}/truth/money.parquet' where channel = 'square' and true_parked is not null"
        ).fetchall()
    }
    both = sorted((set(transactions) & set(items)) - parked)
    assert len(both) > 10
    assert [items[each] for each in both] == pytest.approx([transactions[each] for each in both])


def test_an_unknown_channel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SimulationProblem, match="pigeon"):
        simulate(5, 1, tmp_path, channels=["shopify", "ga4", "pigeon"])


def test_a_cards_scan_is_a_members_visit_in_opening_hours(everything: SimulationReport) -> None:
    folder = everything.out / "inbox" / "loyalty"
    members = {
        row["member_id"]: row["joined_at"]
        for path in sorted(folder.glob("members_*.csv"))
        for row in _rows(path)
    }
    scans = [row for path in sorted(folder.glob("scans_*.csv")) for row in _rows(path)]
    assert len({row["scan_id"] for row in scans}) == len(scans) > 10
    assert all(row["member_id"] in members and row["store"] for row in scans)
    assert {OPENS <= int(row["scanned_at"][11:13]) < CLOSES for row in scans} == {True}
    assert all(row["scanned_at"][:10] >= members[row["member_id"]][:10] for row in scans)
