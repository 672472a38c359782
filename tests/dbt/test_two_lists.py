"""Orders and their items in two lists that do not agree: one comes later, one was cut, in the marketplace's files and in the tills'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import pytest
from small_retailer import SmallRetailer, failures
from test_money_of_orders import built

from cdp_assets.demo.parameters import load_parameters

pytestmark = pytest.mark.integration

LAWS = [
    "revenue_in_is_revenue_in_marts_by_order_date",
    "what_comes_in_is_in_marts_or_parked_by_name",
    "every_line_stands_by_its_order_or_is_parked_by_name",
]


def csv_of(export: str, rows: Sequence[Mapping[str, str]], encoding: str = "utf-8") -> bytes:
    columns = load_parameters().columns(export)
    lines = [columns, *([row.get(column, "") for column in columns] for row in rows)]
    return "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines).encode(encoding)


def listed(number: int, amount: str) -> dict[str, str]:
    """One order of the marketplace's order list."""
    return {
        "订单编号": f"30000000000000{number:02}", "买家会员名": f"member{number}", "买家应付货款": amount, "买家应付邮费": "0.00",
        "总金额": amount, "买家实际支付金额": amount, "订单状态": "交易成功", "收货人姓名": "甲", "订单创建时间": f"2026-08-0{1 + number % 3} 10:00:00",
    }  # fmt: skip


def item(number: int, price: str, pieces: str = "1") -> dict[str, str]:
    return {
        "订单编号": f"30000000000000{number:02}",
        "标题": "茶",
        "价格": price,
        "购买数量": pieces,
        "订单状态": "交易成功",
    }


def sale(kind: str, number: int, gross: str, customer: str = "") -> dict[str, str]:
    """A payment at the tills: a transaction, or one of its items."""
    return {
        "Date": "2026-08-02", "Time": "10:00:00", "Time Zone": "Eastern Time (US & Canada)", "Qty": "1.0", "Item": "Mug", "Gross Sales": f"${gross}",
        "Discounts": "$0.00", "Net Sales": f"${gross}", "Tax": "$0.00", "Tip": "$0.00", "Gift Card Sales": "$5.00" if kind == "card" else "$0.00",
        "Total Collected": f"${gross}", "Cash": f"${gross}", "Transaction ID": f"T{number}", "Payment ID": f"P{number}", "Event Type": "Payment",
        "Location": "Harbour", "Customer ID": customer, "Transaction Status": "Complete",
    }  # fmt: skip


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> SmallRetailer:
    orders = [
        listed(1, "30.00"),
        listed(2, "30.00"),
        listed(3, "30.00"),
        listed(4, "100.00"),
        listed(5, "30.00"),
    ]
    items = [
        item(1, "10.00", "2"),
        item(1, "10.00"),
        item(2, "10.00", "2"),
        item(4, "33.33", "3"),
        item(5, "30.00"),
        item(5, "30.00"),
        item(9, "8.00"),
    ]
    taken = [
        sale("", 1, "25.00", "C1"),
        sale("", 2, "25.00", "C2"),
        sale("", 3, "25.00", "C3"),
        sale("card", 4, "20.00"),
        sale("card", 5, "20.00"),
    ]
    sold = [sale("", 1, "20.00", "C1"), sale("", 1, "5.00", "C1"), sale("", 2, "20.00", "C2"), sale("", 4, "20.00"), sale("", 5, "20.00"),
            sale("", 5, "5.00"), sale("", 6, "7.00", "C6")]  # fmt: skip
    made = built(
        tmp_path_factory.mktemp("lists"),
        {
            "taobao/ExportOrderList_2026-08-06.csv": csv_of("taobao_orders", orders, "gb18030"),
            "taobao/ExportOrderDetailList_2026-08-06.csv": csv_of("taobao_items", items, "gb18030"),
            "square/transactions-2026-08-01-2026-09-01.csv": csv_of("square_transactions", taken),
            "square/items-2026-08-01-2026-09-01.csv": csv_of("square_items", sold),
        },
        date(2026, 8, 6),
    )
    assert not failures(
        made.dbt(
            "build",
            "--select",
            "order_lines",
            "ops_parked",
            "stg_square__customers",
            "--exclude",
            "resource_type:test",
        )
    )
    return made


def parked(made: SmallRetailer, channel: str) -> dict[str, tuple[str | None, Decimal | None]]:
    """Why each order is parked, and its net amount, by the last digit of its id."""
    rows = made.query(
        f"select order_id, parked_reason, net_amount from journeys.customer_orders where channel = '{channel}'"
    )
    return {order_id[-1]: (reason, net) for order_id, reason, net in rows}


def test_an_order_whose_lines_are_missing_or_come_to_another_sum_is_parked_by_itself(
    lists: SmallRetailer,
) -> None:
    assert parked(lists, "taobao") == {
        "1": (None, Decimal("30.00")),
        "2": ("lines_differ", None),  # the list was cut within it
        "3": ("no_lines", None),
        "4": (None, Decimal("100.00")),  # three for 100: the price of one is rounded
        "5": ("lines_differ", None),  # its lines came twice
    }


def test_a_sale_at_the_tills_is_held_against_its_transaction(lists: SmallRetailer) -> None:
    assert parked(lists, "square") == {
        "1": (None, Decimal("25.00")),
        "2": ("lines_differ", None),
        "3": ("no_lines", None),
        "4": (None, Decimal("20.00")),  # a card was sold beside it, which the items leave out,
        "5": (None, Decimal("20.00")),  # or tell without its type
        "6": (None, Decimal("7.00")),  # the list of transactions comes later
    }  # fmt: skip


def test_who_bought_stays_where_a_list_is_cut(lists: SmallRetailer) -> None:
    """Nobody's record hangs on a list of items alone: parking retires no id."""
    rows = lists.query("select source_customer_id from staging.stg_square__customers order by 1")
    assert [name for (name,) in rows] == ["C1", "C2", "C3", "C6"]


def test_what_waits_is_counted_by_name(lists: SmallRetailer) -> None:
    rows = lists.query(
        "select found_in, channel, parked_reason, row_count, amount from marts.ops_parked order by all"
    )
    assert rows == [
        ("order_lines", "taobao", "no_order", 1, None),
        ("orders", "square", "lines_differ", 1, Decimal("25.00")),
        ("orders", "square", "no_lines", 1, Decimal("25.00")),
        ("orders", "taobao", "lines_differ", 2, Decimal("60.00")),
        ("orders", "taobao", "no_lines", 1, Decimal("30.00")),
    ]


def test_the_laws_of_money_hold_over_lists_that_do_not_agree(lists: SmallRetailer) -> None:
    """The law of revenue looks at what is not parked; what is parked stands in the marts all the same."""
    with lists.warehouse() as con:
        # the mart as far as the laws look: who is new to the shop needs customers
        con.execute("create or replace view marts.orders as select * from journeys.customer_orders")
    assert not failures(lists.dbt("test", "--select", *LAWS))
