"""What an order is worth, from the file as delivered to the table: invented orders of our own, then the cases beside the checkout."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from small_retailer import SmallRetailer, failures

from cdp_assets.demo.parameters import load_parameters
from cdp_assets.landing import land_all, load_contracts
from cdp_assets.state import connect_state

pytestmark = pytest.mark.integration

# what the money of orders is made of: no customers, no touches
MONEY = "+customer_orders +customer_order_lines +customer_refunds"
PEOPLE = """
create schema if not exists identity;
create table if not exists identity.customer_ids (channel text, source_customer_id text, customer_id text);
"""
# one shop file for each, so that files of one name do not meet
CASES = [
    "refund_includes_tax_and_shipping",
    "free_shipping_code_is_no_goods_discount",
    "price_includes_tax",
    "gift_card_sold_and_redeemed",
    "tip_is_no_revenue",
    "two_codes_one_order",
    "authorized_partially_paid_expired",
    "currency_without_rate",
]


def built(home: Path, files: dict[str, bytes], as_of_date: date) -> SmallRetailer:
    """A home in which these files (path below the inbox → content) have landed and their orders are built."""
    for name, content in files.items():
        path = home / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    made = SmallRetailer.open(home, as_of_date)
    contracts = load_contracts(made.settings.channels_dir)
    unhurried = [
        contract.model_copy(
            update={
                "exports": [
                    export.model_copy(update={"facts": export.facts.model_copy(update={"settle_seconds": 0})})
                    for export in contract.exports
                ]
            }
        )
        for contract in contracts.values()
    ]
    land_all(made.settings, {contract.name: contract for contract in unhurried}, "run")
    with made.warehouse() as con:
        con.execute(PEOPLE)
    assert not failures(
        made.dbt("build", "--select", *MONEY.split(), "--exclude", "resource_type:test", "test_type:unit")
    )
    return made


def web_file(*orders: dict[str, Any]) -> bytes:
    """Rows of the web shop's orders export: one order each, or a further line of one where there is no Currency."""
    columns = load_parameters().columns("shopify_orders")
    usual = {
        "Financial Status": "paid",
        "Currency": "USD",
        "Shipping": "0.00",
        "Taxes": "0.00",
        "Discount Amount": "0.00",
        "Refunded Amount": "0.00",
        "Lineitem quantity": "1",
        "Lineitem sku": "M1",
        "Lineitem name": "Mug",
        "Lineitem requires shipping": "true",
        "Lineitem taxable": "true",
        "Lineitem discount": "0.00",
        "Created at": "2026-08-05 10:00:00 -0400",
    }
    lines = [",".join(columns)]
    for order in orders:
        cells = {**usual, **order}
        if order.get("further"):
            cells = {
                name: cells[name]
                for name in cells
                if name.startswith("Lineitem") or name in ("Name", "Created at")
            }
        lines.append(",".join(f'"{cells.get(column, "")}"' for column in columns))
    return ("\n".join(lines) + "\n").encode()


def order(number: int, subtotal: str, total: str, price: str, **cells: Any) -> dict[str, Any]:
    """One web order of one line; underscores in the keyword names of cells are spaces in the header."""
    named = {name.replace("_", " "): value for name, value in cells.items()}
    return {
        "Name": f"#{number}", "Id": str(6_000_000_000_000 + number), "Subtotal": subtotal, "Total": total, "Lineitem price": price, **named,
    }  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallRetailer:
    """One web shop with every kind of money that is not revenue of goods."""
    goods = {"Lineitem sku": "M1"}
    return built(
        tmp_path_factory.mktemp("shop"),
        {
            "shopify/orders_export_2026-08-06.csv": web_file(
                order(1, "40.00", "52.00", "40.00", Shipping="5.00", Taxes="7.00", Refunded_Amount="52.00", Financial_Status="refunded"),
                order(2, "40.00", "52.00", "40.00", Shipping="5.00", Taxes="7.00", Refunded_Amount="26.00", Financial_Status="partially_refunded"),
                order(3, "35.00", "35.00", "40.00", Shipping="6.00", Discount_Amount="11.00", Discount_Code="SAVE5, freeship", **goods),
                order(4, "59.50", "64.50", "59.50", Currency="EUR", Shipping="5.00", Taxes="10.30"),
                order(5, "40.00", "44.00", "40.00"),
                {"Name": "#5", "further": True, "Lineitem name": "Gratuity", "Lineitem sku": "", "Lineitem price": "4.00",
                 "Lineitem requires shipping": "false", "Lineitem taxable": "false"},
                order(6, "25.00", "25.00", "25.00", Lineitem_sku="GIFTCARD-25", Lineitem_requires_shipping="false", Lineitem_taxable="false"),
                order(7, "40.00", "40.00", "40.00", Financial_Status="waiting_for_moon"),
                order(8, "40.00", "40.00", "40.00", Financial_Status="", Total="40.00"),
                order(9, "40.00", "40.00", "40.00", Currency="XTS"),
                order(10, "40.00", "40.00", "40.00", Payment_Method="(for testing) Bogus Gateway"),
                order(11, "40.00", "40.00", "40.00", Name="#77"),
                order(12, "30.00", "30.00", "30.00", Name="#77"),
                order(13, "30.00", "30.00", "30.00", Id="6.1E+12"),
                order(14, "30.00", "30.00", "30.00", Id="#REF!"),
            ),
        },
        date(2026, 8, 6),
    )  # fmt: skip


def worth(made: SmallRetailer, column: str = "net_amount") -> dict[str, Decimal | None]:
    """A column of each web order, by the last digits of its id."""
    rows = made.query(f"select order_id, {column} from journeys.customer_orders where channel = 'shopify'")
    return {order_id.removeprefix("6000000").lstrip("0"): value for order_id, value in rows}


def test_a_refund_takes_off_goods_alone_and_a_whole_one_leaves_nothing(shop: SmallRetailer) -> None:
    assert worth(shop)["1"] == Decimal("0.00")
    assert worth(shop)["2"] == Decimal("20.00")


def test_a_shipping_code_is_no_discount_of_goods(shop: SmallRetailer) -> None:
    assert worth(shop)["3"] == Decimal("35.00")
    assert worth(shop, "discount_amount")["3"] == Decimal("5.00")
    assert worth(shop, "shipping_amount")["3"] == Decimal("0.00")


def test_tax_in_the_price_is_no_revenue(shop: SmallRetailer) -> None:
    assert worth(shop)["4"] == Decimal("50.00")
    assert worth(shop, "total_amount")["4"] == Decimal("64.50")


def test_tips_and_gift_cards_are_paid_and_are_no_revenue(shop: SmallRetailer) -> None:
    assert worth(shop)["5"] == Decimal("40.00")
    assert worth(shop, "other_amount")["5"] == Decimal("4.00")
    assert worth(shop)["6"] == Decimal("0.00")
    assert worth(shop, "total_amount")["6"] == Decimal("25.00")


def test_what_nobody_can_value_yet_is_parked_by_name(shop: SmallRetailer) -> None:
    parked = worth(shop, "parked_reason")
    assert (parked["7"], parked["9"]) == ("unknown_status", "no_rate")
    assert (worth(shop)["7"], worth(shop)["9"]) == (None, None)


def test_an_unpaid_and_a_test_order_are_no_sale(shop: SmallRetailer) -> None:
    assert worth(shop, "is_sale")["8"] is False
    assert worth(shop, "is_sale")["10"] is False


def test_two_orders_of_one_name_are_two_and_wrecked_ids_are_none(shop: SmallRetailer) -> None:
    assert (worth(shop)["11"], worth(shop)["12"]) == (Decimal("40.00"), Decimal("30.00"))
    assert len(worth(shop)) == 12
    with connect_state(shop.settings) as con:
        reasons = con.execute(
            "select reason_code, quarantined_rows from quarantine_summary order by 1"
        ).fetchall()
    assert reasons == [("id_in_scientific_notation", 1), ("spreadsheet_error", 1)]


@pytest.fixture(scope="module")
def cases(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallRetailer]:
    """The shop files of the cases, landed together; where two use one order id, the first keeps it."""
    files: dict[str, bytes] = {}
    seen: set[str] = set()
    for name in CASES:
        for path in sorted((shared_dir / "cases" / name / "shopify").glob("*.csv")):
            rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
            place = rows[0].index("Id")
            assert not seen & {row[place] for row in rows[1:] if row[place]}
            seen |= {row[place] for row in rows[1:] if row[place]}
            files[f"shopify/{path.stem}_{name}.csv"] = path.read_bytes()
    yield built(tmp_path_factory.mktemp("cases"), files, date(2026, 8, 20))


@pytest.mark.parametrize(
    ("order_id", "net"),
    [
        ("5000000000001", "0.00"), ("5000000000002", "100.00"), ("5000000000011", "100.00"), ("5000000000031", "100.00"),
        ("5000000000041", "0.00"), ("5000000000042", "50.00"), ("5000000000051", "100.00"), ("5000000000061", "100.00"),
        ("5000000000062", "0.00"), ("5000000000063", "60.00"), ("5000000000064", "0.00"), ("5000000000065", "0.00"),
        ("5000000000066", "0.00"), ("5000000000067", "0.00"), ("5000000000081", None),
    ],
)  # fmt: skip
def test_each_case_gives_its_right_value(cases: SmallRetailer, order_id: str, net: str | None) -> None:
    expected = None if net is None else Decimal(net)
    assert cases.query(f"select net_amount from journeys.customer_orders where order_id = '{order_id}'") == [
        (expected,)
    ]


def test_the_cases_that_are_no_sale_are_the_said_ones(cases: SmallRetailer) -> None:
    rows = cases.query(
        "select order_id[-2:] from journeys.customer_orders where not is_sale and order_id between '5000000000061' and '5000000000067' order by 1"
    )
    assert [row[0] for row in rows] == ["62", "64", "65", "66"]


def test_an_order_without_a_rate_stops_no_other(cases: SmallRetailer) -> None:
    rows = cases.query(
        "select parked_reason, count(*) from journeys.customer_orders group by 1 order by 1 nulls last"
    )
    assert rows[0] == ("no_rate", 1)
    assert rows[1][0] is None


@pytest.fixture(scope="module")
def wrecks(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> SmallRetailer:
    """One name in two shops, refunds with tax and shipping, ids in scientific notation, and an order list without its item list."""
    folder = shared_dir / "cases"
    paths = [
        *sorted((folder / "same_name_two_shops").glob("shopify/*.csv")),
        *sorted((folder / "scientific_notation_ids").glob("taobao/*.csv")),
        *sorted((folder / "shopify_refund_holds_tax_and_shipping").glob("inbox/shopify/orders*.csv")),
    ]
    files = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in paths}
    lone = folder / "taobao_orders_without_items_file" / "orders_2026-08-20.csv"
    files["taobao/orders_2026-08-19.csv"] = lone.read_bytes()
    return built(tmp_path_factory.mktemp("wrecks"), files, date(2026, 8, 20))


def test_two_shops_orders_of_one_name_are_two(wrecks: SmallRetailer) -> None:
    rows = wrecks.query(
        "select order_id from journeys.customer_orders where order_id like '_000000000001' order by 1"
    )
    assert rows == [("5000000000001",), ("7000000000001",)]


def test_refunds_that_hold_tax_and_shipping_leave_what_the_goods_allow(wrecks: SmallRetailer) -> None:
    rows = wrecks.query(
        "select order_id, net_amount from journeys.customer_orders where order_id like '8800%' order by 1"
    )
    assert rows == [
        ("88000001", Decimal("0.00")),
        ("88000002", Decimal("54.24")),
        ("88000003", Decimal("40.00")),
    ]


def test_a_file_of_ids_in_scientific_notation_is_no_order(wrecks: SmallRetailer) -> None:
    """Two of its three rows are wrecked: the whole file waits, and says for what."""
    assert wrecks.query("select 1 from journeys.customer_orders where channel = 'taobao'") == []
    with connect_state(wrecks.settings) as con:
        ((reason, detail),) = con.execute(
            "select distinct reason_code, detail from held_files where channel = 'taobao'"
        ).fetchall()
    assert reason == "mostly_quarantined"
    assert "id_in_scientific_notation in order_id" in detail
