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
MONEY = "+customer_orders +customer_order_lines +customer_refunds +gift_card_liability"
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
                # duties are paid and given back beside tax and shipping
                order(15, "100.00", "130.00", "100.00", Shipping="10.00", Taxes="8.00", Duties="12.00", Refunded_Amount="130.00",
                      Financial_Status="refunded"),
                # a price without its code: the discount stands on the line alone
                order(16, "80.00", "80.00", "100.00", Lineitem_discount="20.00"),
                # the file ends within the order: its other lines are not there
                order(17, "100.00", "100.00", "40.00"),
                # a line that was taken off the order again stands there still
                order(18, "60.00", "60.00", "60.00"),
                {"Name": "#18", "further": True, "Lineitem price": "40.00"},
                order(19, "0.00", "0.00", "40.00", Discount_Amount="40.00", Discount_Code="ALLFREE"),
                # tax in prices, a code, and half of the goods given back: 90 of goods, of which 53.55 of 113.05 are repaid
                order(20, "107.10", "113.05", "119.00", Currency="EUR", Discount_Amount="11.90", Discount_Code="TEN", Shipping="5.95", Taxes="18.05",
                      Refunded_Amount="53.55", Financial_Status="partially_refunded"),
                # a gift card that is given away
                order(21, "0.00", "0.00", "25.00", Discount_Amount="25.00", Discount_Code="GIFT", Lineitem_sku="GIFTCARD-25",
                      Lineitem_requires_shipping="false", Lineitem_taxable="false"),
                # tax in the price of one line alone: the card beside it is not taxed, nor is a book
                order(22, "169.00", "169.00", "119.00", Taxes="19.00"),
                {"Name": "#22", "further": True, "Lineitem price": "50.00", "Lineitem sku": "GIFTCARD-50", "Lineitem name": "Card",
                 "Lineitem requires shipping": "false", "Lineitem taxable": "false"},
                order(23, "152.10", "152.10", "119.00", Taxes="17.10", Discount_Amount="16.90", Discount_Code="TEN"),
                {"Name": "#23", "further": True, "Lineitem price": "50.00", "Lineitem sku": "BOOK", "Lineitem taxable": "false"},
                # tax in the price, a tip beside the goods; no line is said to be taxed
                order(24, "119.00", "129.00", "119.00", Taxes="19.00"),
                {"Name": "#24", "further": True, "Lineitem price": "10.00", "Lineitem sku": "TIP", "Lineitem name": "Tip", "Lineitem taxable": "false"},
                order(25, "119.00", "119.00", "119.00", Taxes="19.00", Lineitem_taxable="false"),
                # a currency in small letters, and an order whose lines name two
                order(26, "40.00", "40.00", "40.00", Currency=" usd "),
                order(27, "30.00", "60.00", "30.00"), order(27, "30.00", "60.00", "30.00", Currency="EUR"),
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


def test_a_card_that_is_given_away_takes_no_goods_below_nothing(shop: SmallRetailer) -> None:
    assert (worth(shop)["21"], worth(shop, "total_amount")["21"]) == (Decimal("0.00"), Decimal("0.00"))


def test_duties_are_tax_and_a_refund_of_all_leaves_nothing(shop: SmallRetailer) -> None:
    assert worth(shop)["15"] == Decimal("0.00")
    assert worth(shop, "tax_amount")["15"] == Decimal("20.00")
    assert worth(shop, "total_amount")["15"] == Decimal("130.00")


def test_goods_are_worth_what_the_subtotal_says(shop: SmallRetailer) -> None:
    assert (worth(shop)["16"], worth(shop, "discount_amount")["16"]) == (Decimal("80.00"), Decimal("20.00"))
    assert worth(shop)["18"] == Decimal("60.00")
    assert (worth(shop)["19"], worth(shop, "is_sale")["19"]) == (Decimal("0.00"), True)


def test_an_order_whose_lines_are_cut_off_is_parked_by_name(shop: SmallRetailer) -> None:
    assert (worth(shop, "parked_reason")["17"], worth(shop)["17"]) == ("lines_differ", None)


def test_a_refund_in_prices_with_tax_takes_off_goods_without_tax(shop: SmallRetailer) -> None:
    assert (worth(shop, "gross_amount")["20"], worth(shop, "discount_amount")["20"]) == (
        Decimal("100.00"),
        Decimal("10.00"),
    )
    assert worth(shop)["20"] == Decimal("47.37")


def test_tax_in_prices_is_in_those_of_taxed_lines_alone(shop: SmallRetailer) -> None:
    assert (worth(shop)["22"], worth(shop, "other_amount")["22"]) == (Decimal("100.00"), Decimal("50.00"))
    assert (worth(shop)["23"], worth(shop, "gross_amount")["23"]) == (Decimal("135.00"), Decimal("150.00"))
    assert (worth(shop)["24"], worth(shop, "other_amount")["24"]) == (Decimal("100.00"), Decimal("10.00"))
    assert worth(shop)["25"] == Decimal("100.00")
    assert {worth(shop, "parked_reason")[each] for each in ("22", "23", "24", "25")} == {None}
    assert shop.query(
        "select round(line_amount, 2) from journeys.customer_order_lines where order_id like '6%23' order by line_number"
    ) == [(Decimal("100.00"),), (Decimal("50.00"),)]


def test_a_currency_is_one_code_and_an_order_of_two_waits(shop: SmallRetailer) -> None:
    assert worth(shop)["26"] == Decimal("40.00")
    assert (worth(shop, "parked_reason")["27"], worth(shop)["27"]) == ("no_currency", None)


def test_the_reporting_currency_has_a_rate_on_any_day(shop: SmallRetailer) -> None:
    assert shop.query(
        "select rate from reference.reporting_rates where currency = 'USD' and date '1970-01-01' between valid_from and valid_until"
    ) == [(1.0,)]


def test_what_nobody_can_value_yet_is_parked_by_name(shop: SmallRetailer) -> None:
    parked = worth(shop, "parked_reason")
    assert (parked["7"], parked["9"]) == ("unknown_status", "no_rate")
    assert (worth(shop)["7"], worth(shop)["9"]) == (None, None)


def test_an_unpaid_and_a_test_order_are_no_sale(shop: SmallRetailer) -> None:
    assert worth(shop, "is_sale")["8"] is False
    assert worth(shop, "is_sale")["10"] is False


def test_two_orders_of_one_name_are_two_and_wrecked_ids_are_none(shop: SmallRetailer) -> None:
    assert (worth(shop)["11"], worth(shop)["12"]) == (Decimal("40.00"), Decimal("30.00"))
    assert len(worth(shop)) == 25
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


def rows_file(
    export: str, rows: list[dict[str, str]], encoding: str = "utf-8", delimiter: str = ","
) -> bytes:
    """Rows of an export of the shipped channels, by its real header; cells that a row does not name are blank."""
    columns = load_parameters().columns(export)
    lines = [delimiter.join(columns)]
    lines += [delimiter.join(f'"{row.get(column, "")}"' for column in columns) for row in rows]
    return ("\n".join(lines) + "\n").encode(encoding)


def till(transaction: str, kind: str, gross: str, tax: str, sku: str = "M1", **cells: str) -> dict[str, str]:
    """A row of the till's items: underscores in the names of cells are spaces in the header."""
    usual = {
        "Date": "2026-08-05", "Time": "10:12:00", "Time Zone": "Eastern Time (US & Canada)", "Item": sku, "Qty": "1", "SKU": sku,
        "Discounts": "0.00", "Net Sales": gross, "Location": "Main St", "Payment ID": f"P{transaction}",
    }  # fmt: skip
    named = {name.replace("_", " "): value for name, value in cells.items()}
    return {
        **usual,
        "Transaction ID": transaction,
        "Event Type": kind,
        "Gross Sales": gross,
        "Tax": tax,
        **named,
    }


def taken(transaction: str, kind: str, gross: str, tax: str, collected: str, **cells: str) -> dict[str, str]:
    """A row of the till's transactions."""
    return till(transaction, kind, gross, tax, **{"Total Collected": collected, "Card": collected, **cells})


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> SmallRetailer:
    """Tills, two marketplaces and a mini-program, each with what goes wrong with money there."""
    items = [
        till("S1", "Payment", "10.00", "0.80"),
        till("S1", "Payment", "10.00", "0.80"),
        till("S1", "Payment", "10.00", "0.81"),
        till("S1", "Refund", "-10.00", "-0.80", Date="2026-08-06"),
        till("S1", "Refund", "-20.00", "-1.61", Date="2026-08-06", Time="11:12:00"),
        till("S2", "Payment", "25.00", "0.00", "CARD", Itemization_Type="Gift Card"),
        till("S2", "Payment", "10.00", "0.80"),
        till("S3", "Payment", "40.00", "3.20", Discounts="-10.00", Net_Sales="30.00"),
        till("S4", "Payment", "40.00", "3.20"),
        till("S5", "Payment", "20.00", "1.60"),
        till("S5", "Payment", "20.00", "1.60"),
        till("S5", "Refund", "-20.00", "-1.60", Date="2026-08-06", Payment_ID="R5"),
        till("S6", "Payment", "40.00", "3.20"),
        till("S7", "Payment", "10.00", "0.00", Discounts="-10.00", Net_Sales="0.00"),
        till("S8", "Payment", "40.00", "3.20"),
        till("S9", "Payment", "25.00", "0.00", "", Itemization_Type="Gift Card"),
        till("S9", "Payment", "10.00", "0.80"),
        till(
            "S9",
            "Refund",
            "-25.00",
            "0.00",
            "",
            Date="2026-08-06",
            Payment_ID="R10",
            Itemization_Type="Gift Card",
        ),
        till("S10", "Payment", "10.00", "0.80"),
        till("S11", "Payment", "40.00", "3.20"),
        # an older list has no type: one item costs what the cards did; in the next none does
        till("S13", "Payment", "25.00", "0.00", "", Itemization_Type=""),
        till("S13", "Payment", "10.00", "0.80", Itemization_Type=""),
        till("S14", "Payment", "15.00", "0.00", "", Itemization_Type=""),
        till("S14", "Payment", "10.00", "0.00", "", Itemization_Type=""),
        till("S14", "Payment", "12.00", "0.96", Itemization_Type=""),
        till("S11", "Refund", "-10.00", "-0.80", Date="2026-08-06", Payment_ID=""),
        till("S12", "Payment", "40.00", "3.20"),
        till("S12", "Refund", "-10.00", "-0.80"),
    ]
    transactions = [
        taken("S1", "Payment", "30.00", "2.41", "32.41"),
        taken("S2", "Payment", "10.00", "0.80", "35.80", **{"Gift Card Sales": "25.00"}),
        taken("S3", "Payment", "40.00", "3.20", "38.20", Discounts="-10.00", Net_Sales="30.00", Tip="5.00"),
        taken("S4", "Payment", "40.00", "3.20", "43.20", **{"Transaction Status": "Voided"}),
        taken("S5", "Payment", "40.00", "3.20", "43.20"),
        taken("S5", "Refund", "-20.00", "-1.60", "-21.60", Date="2026-08-06", Payment_ID="R5"),
        # a second refund of the sale, a day later, for which nobody named an item
        taken("S5", "Refund", "-5.00", "-0.40", "-5.40", Date="2026-08-07", Payment_ID="R6"),
        taken("S6", "Payment", "40.00", "3.20", "43.20"),
        taken("S6", "Refund", "-10.00", "-0.80", "-10.80", Date="2026-08-06", Payment_ID="R7"),
        taken("S6", "Refund", "-5.00", "-0.40", "-5.40", Date="2026-08-07", Payment_ID="R8"),
        taken("S7", "Payment", "10.00", "0.00", "0.00", Discounts="-10.00", Net_Sales="0.00"),
        # the tip alone is given back
        taken("S8", "Payment", "40.00", "3.20", "48.20", Tip="5.00", **{"Service Charges": "0.00"}),
        taken("S8", "Refund", "0.00", "0.00", "-5.00", Tip="-5.00", Date="2026-08-06", Payment_ID="R9"),
        # given back in the list of transactions alone: no item was named
        taken("S3", "Refund", "-30.00", "-3.20", "-33.20", Date="2026-08-06"),
        # a card is bought and given back, the goods are kept
        taken("S9", "Payment", "10.00", "0.80", "35.80", **{"Gift Card Sales": "25.00"}),
        taken(
            "S9",
            "Refund",
            "0.00",
            "0.00",
            "-25.00",
            Date="2026-08-06",
            Payment_ID="R10",
            **{"Gift Card Sales": "-25.00"},
        ),
        # a card that stands among the transactions alone
        taken("S10", "Payment", "10.00", "0.80", "35.80", Payment_ID="", **{"Gift Card Sales": "25.00"}),
        taken("S13", "Payment", "10.00", "0.80", "35.80", **{"Gift Card Sales": "25.00"}),
        taken("S14", "Payment", "12.00", "0.96", "37.96", **{"Gift Card Sales": "25.00"}),
        # an item came back under a blank id, and an amount a day later
        taken("S11", "Payment", "40.00", "3.20", "43.20"),
        taken("S11", "Refund", "-10.00", "-0.80", "-10.80", Date="2026-08-06", Payment_ID="R11"),
        taken("S11", "Refund", "-5.00", "-0.40", "-5.40", Date="2026-08-07", Payment_ID="R12"),
        # a refund under the id of its payment
        taken("S12", "Payment", "40.00", "3.20", "43.20"),
        taken("S12", "Refund", "-10.00", "-0.80", "-10.80"),
    ]
    amazon = [
        {"amazon-order-id": "A1", "order-status": "Shipped", "sales-channel": "Amazon.de", "sku": "M1", "quantity": "1", "currency": "EUR",
         "item-price": "119.00", "item-tax": "19.00", "shipping-price": "5.95", "shipping-tax": "0.95", "ship-promotion-discount": "0.00"},
        {"amazon-order-id": "A2", "order-status": "Shipped", "sales-channel": "Amazon.com", "sku": "M1", "quantity": "2", "currency": "USD",
         "item-price": "40.00", "item-tax": "3.20", "item-promotion-discount": "5.00"},
        {"amazon-order-id": "A3", "order-status": "Cancelled", "sales-channel": "Amazon.com", "sku": "M1", "quantity": "0"},
        {"amazon-order-id": "A5", "order-status": "Shipped - Returned to Seller", "sales-channel": "Amazon.in", "sku": "M1", "quantity": "1", "currency": "USD",
         "item-price": "40.00", "item-tax": "6.00"},
        {"amazon-order-id": "A6", "order-status": "Shipped - Delivered to Buyer", "sales-channel": "Amazon.in", "sku": "M1", "quantity": "1", "currency": "USD",
         "item-price": "40.00", "item-tax": "6.00"},
        {"amazon-order-id": "A7", "order-status": "Shipped - Sent to the Moon", "sales-channel": "Amazon.com", "sku": "M1", "quantity": "1", "currency": "USD",
         "item-price": "40.00"},
        {"amazon-order-id": "A8", "order-status": "Shipped", "sales-channel": "Amazon.co.uk", "sku": "M1", "quantity": "1", "currency": "GBP",
         "item-price": "120.00", "item-tax": "18.00", "item-promotion-discount": "12.00"},
        {"amazon-order-id": "A9", "order-status": "Shipped", "item-status": "Shipped", "sales-channel": "Amazon.com", "sku": "M1", "quantity": "1",
         "currency": "USD", "item-price": "40.00", "item-tax": "3.20"},
        {"amazon-order-id": "A9", "order-status": "Shipped", "item-status": "Cancelled", "sales-channel": "Amazon.com", "sku": "M2", "quantity": "0",
         "currency": "USD", "item-price": "20.00", "item-tax": "1.60", "item-promotion-discount": "5.00"},
        *({"amazon-order-id": "A10", "order-status": "Shipped", "sales-channel": "Amazon.com", "sku": sku, "quantity": "1", "currency": currency,
           "item-price": "40.00"} for sku, currency in (("M1", "USD"), ("M2", "EUR"))),
        {"amazon-order-id": "A11", "order-status": "PendingAvailability", "sales-channel": "Amazon.com", "sku": "M1", "quantity": "1", "currency": "USD",
         "item-price": "40.00"},
        {"amazon-order-id": "A12", "order-status": "Shipping", "sales-channel": "Amazon.com", "sku": "M1", "quantity": "1", "currency": "USD",
         "item-price": "40.00"},
        {"amazon-order-id": "A4", "order-status": "Pending", "sales-channel": "Amazon.com", "sku": "M1", "quantity": "1"},
    ]  # fmt: skip
    amazon = [
        {
            "purchase-date": "2026-08-05T10:12:33+00:00",
            "last-updated-date": "2026-08-05T10:12:33+00:00",
            **row,
        }
        for row in amazon
    ]
    taobao = [
        {"订单编号": "1001", "买家应付货款": "40.00", "买家应付邮费": "6.00", "总金额": "41.00", "卡券抵扣": "3.00", "积分抵扣": "0.00", "订单状态": "交易成功"},
        {"订单编号": "1002", "买家应付货款": "40.00", "买家应付邮费": "0.00", "总金额": "40.00", "订单状态": "交易关闭"},
        {"订单编号": "1003", "买家应付货款": "40.00", "买家应付邮费": "0.00", "总金额": "40.00", "订单状态": "等待买家付款"},
        {"订单编号": "1004", "买家应付货款": "40.00", "买家应付邮费": "0.00", "总金额": "40.00", "订单状态": "卖家部分发货"},
        # one item of each was closed again: its money went back, the seller's rebate with it, and what the voucher bore
        {"订单编号": "1005", "买家应付货款": "100.00", "买家应付邮费": "6.00", "总金额": "96.00", "卡券抵扣": "0.00", "订单状态": "交易成功"},
        {"订单编号": "1006", "买家应付货款": "100.00", "买家应付邮费": "0.00", "总金额": "90.00", "卡券抵扣": "10.00", "订单状态": "卖家已发货，等待买家确认"},
        # all of them, though the order goes on
        {"订单编号": "1007", "买家应付货款": "100.00", "买家应付邮费": "6.00", "总金额": "106.00", "订单状态": "交易成功"},
        # closed whole: it was no sale, and nothing is given back twice
        {"订单编号": "1008", "买家应付货款": "100.00", "买家应付邮费": "0.00", "总金额": "100.00", "订单状态": "交易关闭"},
        # the seller raised the price by hand
        {"订单编号": "1010", "买家应付货款": "40.00", "买家应付邮费": "0.00", "总金额": "40.00", "订单状态": "定金已付，尾款未付"},
        {"订单编号": "1009", "买家应付货款": "40.00", "买家应付邮费": "0.00", "总金额": "45.00", "订单状态": "交易成功"},
    ]  # fmt: skip
    details = [
        {"订单编号": number, "标题": "杯子", "价格": "20.00", "购买数量": "2"}
        for number in ("1001", "1002", "1003", "1004", "1009", "1010")
    ]
    details += [
        {"订单编号": number, "标题": "杯子", "价格": price, "购买数量": "1", "订单状态": status}
        for number, first, second in (
            ("1005", "交易成功", "交易关闭"),
            ("1006", "卖家已发货，等待买家确认", "交易关闭"),
            ("1007", "交易关闭", "交易关闭"),
            ("1008", "交易关闭", "交易关闭"),
        )
        for price, status in (("70.00", first), ("30.00", second))
    ]
    youzan = [
        {"订单号": "Y1", "商品金额合计": "40.00", "运费": "6.00", "店铺优惠合计": "5.00", "订单实付金额": "39.00", "支付优惠合计": "2.00",
         "订单实收金额": "41.00", "订单状态": "交易完成", "订单已退款金额": "39.00"},
        {"订单号": "Y2", "商品金额合计": "40.00", "运费": "6.00", "订单实付金额": "46.00", "订单实收金额": "46.00", "订单状态": "已发货",
         "订单已退款金额": "23.00"},
        {"订单号": "Y3", "商品金额合计": "40.00", "运费": "0.00", "订单实付金额": "0.00", "订单状态": "交易关闭", "订单已退款金额": "0.00"},
        {"订单号": "Y6", "商品金额合计": "100.00", "订单实付金额": "100.00", "订单实收金额": "100.00", "订单状态": "待支付"},
        {"订单号": "Y7", "商品金额合计": "100.00", "订单实付金额": "100.00", "订单实收金额": "100.00", "订单状态": "已取消"},
        # two orders that were paid together
        *({"订单号": number, "商品金额合计": "30.00", "订单实付金额": "30.00", "订单实收金额": "30.00", "订单状态": "已发货", "支付流水号": "P1"}
          for number in ("Y4", "Y5")),
    ]  # fmt: skip
    dated = [{"订单创建时间": "2026-08-05 10:12:33", **row} for row in (*taobao, *youzan)]
    return built(
        tmp_path_factory.mktemp("others"),
        {
            "square/items-2026-08-05-2026-08-07.csv": rows_file("square_items", items),
            "square/transactions-2026-08-05-2026-08-07.csv": rows_file("square_transactions", transactions),
            "amazon/orders_2026-08-06.txt": rows_file("amazon_orders", amazon, delimiter="\t").replace(
                b'"', b""
            ),
            "taobao/ExportOrderList_2026-08-06.csv": rows_file(
                "taobao_orders", dated[: len(taobao)], "gb18030"
            ),
            "taobao/ExportOrderDetailList_2026-08-06.csv": rows_file("taobao_items", details, "gb18030"),
            "youzan/orders_2026-08-06.csv": rows_file("youzan_orders", dated[len(taobao) :]),
        },
        date(2026, 8, 7),
    )


@pytest.mark.parametrize(
    ("order_id", "is_sale", "gross", "discount", "shipping", "tax", "other", "net"),
    [
        ("S1", True, "30.00", "0.00", "0.00", "2.41", "0.00", "0.00"),  # given back in two steps, with a cent of tax over
        ("S2", True, "10.00", "0.00", "0.00", "0.80", "25.00", "10.00"),  # a card sold is no revenue
        ("S3", True, "40.00", "10.00", "0.00", "3.20", "5.00", "0.00"),  # given back where no item is named; the tip is kept
        ("S4", False, "40.00", "0.00", "0.00", "3.20", "0.00", "0.00"),
        ("S5", True, "40.00", "0.00", "0.00", "3.20", "0.00", "15.00"),  # an item back, then an amount, on two days
        ("S6", True, "40.00", "0.00", "0.00", "3.20", "0.00", "25.00"),
        ("S7", True, "10.00", "10.00", "0.00", "0.00", "0.00", "0.00"),
        ("S8", True, "40.00", "0.00", "0.00", "3.20", "5.00", "40.00"),
        ("S9", True, "10.00", "0.00", "0.00", "0.80", "25.00", "10.00"),
        ("S10", True, "10.00", "0.00", "0.00", "0.80", "25.00", "10.00"),
        ("S11", True, "40.00", "0.00", "0.00", "3.20", "0.00", "25.00"),
        ("S13", True, "10.00", "0.00", "0.00", "0.80", "25.00", "10.00"),
        ("S14", True, "0.00", "0.00", "0.00", "0.96", "37.00", "0.00"),  # lines of which nobody can say what they sell
        ("S12", True, "40.00", "0.00", "0.00", "3.20", "0.00", "30.00"),
        ("A9", True, "40.00", "0.00", "0.00", "3.20", "0.00", "40.00"),  # an item of it was cancelled
        ("A1", True, "100.00", "0.00", "5.00", "19.95", "0.00", "100.00"),  # prices with tax
        ("A2", True, "40.00", "5.00", "0.00", "3.20", "0.00", "35.00"),
        ("A3", False, "0.00", "0.00", "0.00", "0.00", "0.00", "0.00"),
        ("A4", False, "0.00", "0.00", "0.00", "0.00", "0.00", "0.00"),
        ("A5", False, "34.00", "0.00", "0.00", "6.00", "0.00", "0.00"),  # sent, and came back
        ("A6", True, "34.00", "0.00", "0.00", "6.00", "0.00", "34.00"),
        ("A7", False, "40.00", "0.00", "0.00", "0.00", "0.00", None),  # a word that nobody knows is no sale
        ("A10", True, "80.00", "0.00", "0.00", "0.00", "0.00", None),  # amounts of two currencies are not added up
        ("A11", False, "40.00", "0.00", "0.00", "0.00", "0.00", "0.00"),  # ordered before it can be had
        ("A12", True, "40.00", "0.00", "0.00", "0.00", "0.00", "40.00"),
        ("A8", True, "102.00", "12.00", "0.00", "18.00", "0.00", "90.00"),
        ("1001", True, "40.00", "2.00", "6.00", "0.00", "0.00", "38.00"),  # the marketplace bears the voucher
        ("1002", False, "40.00", "0.00", "0.00", "0.00", "0.00", "0.00"),
        ("1003", False, "40.00", "0.00", "0.00", "0.00", "0.00", "0.00"),
        ("1004", True, "40.00", "0.00", "0.00", "0.00", "0.00", "40.00"),  # a part is on its way
        ("1005", True, "100.00", "10.00", "6.00", "0.00", "0.00", "63.00"),
        ("1006", True, "100.00", "0.00", "0.00", "0.00", "0.00", "70.00"),
        ("1007", True, "100.00", "0.00", "6.00", "0.00", "0.00", "0.00"),
        ("1008", False, "100.00", "0.00", "0.00", "0.00", "0.00", "0.00"),
        ("1010", False, "40.00", "0.00", "0.00", "0.00", "0.00", "0.00"),  # a deposit alone sells nothing yet
        ("1009", True, "40.00", "0.00", "0.00", "0.00", "5.00", "40.00"),  # 5 was paid beside what the items cost
        ("Y1", True, "40.00", "5.00", "6.00", "0.00", "0.00", "0.00"),  # given back whole: what the payment service bore, too
        ("Y2", True, "40.00", "0.00", "6.00", "0.00", "0.00", "20.00"),  # half of it
        ("Y6", False, "100.00", "0.00", "0.00", "0.00", "0.00", "0.00"),
        ("Y7", False, "100.00", "0.00", "0.00", "0.00", "0.00", "0.00"),
        ("Y3", False, "40.00", "0.00", "0.00", "0.00", "0.00", "0.00"),
    ],
)  # fmt: skip
def test_each_order_of_the_other_channels_is_worth_what_its_file_says(
    others: SmallRetailer, order_id: str, is_sale: bool, gross: str, discount: str, shipping: str, tax: str, other: str, net: str | None
) -> None:  # fmt: skip
    columns = "is_sale, gross_amount, discount_amount, shipping_amount, tax_amount, other_amount, net_amount"
    ((found, *amounts),) = others.query(
        f"select {columns} from journeys.customer_orders where order_id = '{order_id}'"
    )
    assert (found, amounts) == (
        is_sale,
        [None if each is None else Decimal(each) for each in (gross, discount, shipping, tax, other, net)],
    )


def test_a_card_that_was_given_back_is_owed_no_longer(others: SmallRetailer) -> None:
    """One of four cards came back; the third stands in no list of items, the fourth in one without types; what may be a fifth waits."""
    rows = others.query("select sold_amount, liability_amount from marts.gift_card_liability")
    assert rows == [(Decimal("75.00"), Decimal("75.00"))]


def test_no_two_payments_share_an_id_and_each_has_one(others: SmallRetailer) -> None:
    rows = others.query(
        "select channel, count(*) - count(distinct payment_id) from journeys.order_payments group by 1 order by 1"
    )
    assert rows == [("square", 0), ("youzan", 0)]
