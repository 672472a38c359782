"""Drafts from payment systems, marketplaces' settlements and tills: what was to be paid, and rows of many kinds of money."""

from __future__ import annotations

from pathlib import Path

from cdp_assets.settings import Settings
from tests.landing.drafts import Rooms, drafted, model, said


def test_what_was_to_be_paid_less_than_the_order_s_amount_is_its_discount(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "订单号,商品编号,商品名称,订购数量,下单时间,京东价,订单金额,应付金额,订单状态,下单帐号\n"
        "301,1,壶,1,2026-03-02 22:14:11,128.00,168.00,158.00,完成,jd_abc\n"
        "301,2,杯,2,2026-03-02 22:14:11,20.00,168.00,158.00,完成,jd_abc\n"
        "302,2,杯,1,2026-03-14 08:14:11,20.00,20.00,20.00,完成,jd_def\n"
    )
    draft = drafted(settings, rooms, tmp_path, "orders_2026-03-20.csv", text)
    orders = model(rooms, "orders")
    assert "sum(quantity * unit_price) as gross_amount" in orders
    assert "(coalesce(max(order_total), 0) - coalesce(max(payable_amount), 0)) as discount_amount" in orders
    assert said(draft, "discount_amount", "应付金额")


def test_of_rows_for_each_kind_of_amount_the_goods_are_what_was_sold(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "settlement-id\tsettlement-start-date\tdeposit-date\ttotal-amount\ttransaction-type\torder-id\tamount-type\t"
        "amount-description\tamount\tposted-date-time\tsku\tquantity-purchased\n"
        "18\t2026-03-01T00:00:00+00:00\t2026-03-17T00:00:00+00:00\t22.00\t\t\t\t\t\t\t\t\n"
        "18\t\t\t\tOrder\t206-1\tItemPrice\tPrincipal\t29.99\t2026-03-02T14:23:00+00:00\tW\t1\n"
        "18\t\t\t\tOrder\t206-1\tItemPrice\tShipping\t3.99\t2026-03-02T14:23:00+00:00\tW\t1\n"
        "18\t\t\t\tOrder\t206-1\tItemFees\tCommission\t-4.50\t2026-03-02T14:23:00+00:00\tW\t1\n"
        "18\t\t\t\tRefund\t206-1\tItemPrice\tPrincipal\t-29.99\t2026-03-09T14:23:00+00:00\tW\t\n"
        "18\t\t\t\tServiceFee\t\tother-transaction\tSubscription Fee\t-25.00\t2026-03-10T10:00:00+00:00\t\t\n"
    )
    draft = drafted(settings, rooms, tmp_path, "settlement_2026-03-17.txt", text)
    sold = "where transaction_type in ('Order')\n    and amount_description in ('Principal')"
    assert sold in model(rooms, "orders") and sold in model(rooms, "order_lines")
    assert "sum(amount) as gross_amount" in model(rooms, "orders")
    assert "min(posted_date_time) as ordered_at" in model(rooms, "orders")
    assert "('Refund')\n    and amount_description in ('Principal')" in model(rooms, "refunds")
    assert "abs(amount) as amount" in model(rooms, "refunds")
    assert said(draft, "amount_description", "'Principal'")


def test_a_blank_status_and_a_blank_store_say_nothing(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = "Order ID,Sale Date,Order Value,Status,Store\n1,2026-03-02,5.00,,\n2,2026-03-14,6.00,,\n"
    draft = drafted(settings, rooms, tmp_path, "a_2026-03-20.csv", text)
    assert "'completed' as order_status" in model(rooms, "orders")
    assert "'delivery' as fulfilment_type" in model(rooms, "orders")
    assert said(draft, "order_status", "the file has none")
