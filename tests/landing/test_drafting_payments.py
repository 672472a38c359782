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
