"""Drafts from shops, tills, ticket and coupon systems: who bought, what an order's rows repeat, and what is no order."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.drafting.meanings import role_of, status_of
from cdp_assets.landing import load_contracts
from cdp_assets.settings import Settings
from tests.drafting.drafts import Rooms, drafted, model, said
from tests.landing.builders import landed


def test_a_guest_s_nought_is_no_customer(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "order_id,date,customer_id,billing_email,item_sku,item_quantity,item_price\n1,2026-03-02 09:14:11,7,a@x.de,W,1,5.00\n"
        "2,2026-03-14 19:00:00,0,b@x.de,W,1,5.00\n3,2026-03-15 19:00:00,0,c@x.de,W,1,5.00\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_2026-03-20.csv", text)
    customer = "coalesce(case when customer_id not in ('0') then customer_id end, _key_customer)"
    assert f"{customer} as source_customer_id" in model(rooms, "customers")
    assert f"case when {customer} = _key_customer then 'guest' else 'account' end" in model(
        rooms, "customers"
    )
    assert f"max({customer}) as source_customer_id" in model(rooms, "orders")
    assert said(draft, "naturalKeys", "not every order has a customer_id")


def test_orders_of_who_has_no_id_are_known_by_their_e_mail(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = "Order,Date,Customer ID,Email,Total\n1,2026-03-02,C7,a@x.de,5.00\n2,2026-03-14,,b@x.de,6.00\n"
    drafted(settings, rooms, tmp_path, "a_2026-03-20.csv", text)
    assert "coalesce(customer_id, _key_customer) as source_customer_id" in model(rooms, "orders")


def test_one_order_of_several_rows_tells_what_stands_on_first_rows_only(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Order ID,Email,Paid at,Created at,Cancelled at,Currency,Subtotal,Amount Refunded,Discount Code,Lineitem quantity,Lineitem price,Lineitem discount\n"
        "12,a@x.de,2026-03-02 09:14:11,2026-03-02 09:14:10,,USD,54.00,0.00,,2,12.00,1.00\n12,,,,,,,,,1,30.00,\n"
        "13,b@x.de,,2026-03-14 19:00:00,2026-03-15 19:00:00,USD,30.00,12.00,SPRING,1,30.00,\n"
    )
    draft = drafted(settings, rooms, tmp_path, "orders.csv", text)
    contract = load_contracts(rooms[0])["new"].export("rows")
    assert contract.column("created_at").required and not contract.column("paid_at").required
    assert (
        contract.column("email").facts.fill_down and not contract.column("lineitem_discount").facts.fill_down
    )
    assert "case when max(cancelled_at) is not null then 'cancelled'" in model(rooms, "orders")
    assert landed(settings, "new", "rows", "email")[1] == ("a@x.de",)
    assert not said(draft, "discount_code") and not said(draft, "paid_at", "not on every row")


def test_two_equal_rows_are_two_tickets_and_the_buyer_is_the_customer(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Order #,Order Date,First Name,Email,Quantity,Ticket Price,Attendee Status,Total Paid,Buyer First Name,Buyer Email\n"
        "1,2026-03-02 09:14:11-05:00,Ann,a@x.de,1,25.00,Attending,25.00,Ann,a@x.de\n1,2026-03-02 09:14:11-05:00,Ann,a@x.de,1,25.00,Attending,25.00,Ann,a@x.de\n"
        "2,2026-03-14 19:00:00-04:00,Ben,b@x.de,1,25.00,Not Attending,25.00,Cy,c@x.de\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_2026-03-20.csv", text)
    assert "sum(quantity * ticket_price) as gross_amount" in model(rooms, "orders")
    assert "when 'Not Attending' then 'cancelled'" in model(rooms, "orders")
    assert "buyer_email as email" in model(rooms, "customers")
    assert "buyer_first_name as given_name" in model(rooms, "customers")
    assert said(draft, "buyer_email", "buyer's own")


def test_an_amount_on_two_equal_rows_is_not_the_order_s_written_twice(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Order #,Order Date,Guest,Total Paid\n" + "1,2026-03-02,Ann,25.00\n" * 2 + "2,2026-03-14,Ben,25.00\n"
    )
    drafted(settings, rooms, tmp_path, "a_2026-03-20.csv", text)
    assert "sum(total_paid) as gross_amount" in model(rooms, "orders")


def test_what_no_order_of_several_rows_fills_goes_with_the_file_s_other_amounts(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "order_id,date,shipping_total,tax_total,fee_tax_total,refunded_total,item_product_id,item_sku,item_quantity,item_subtotal,item_refunded\n"
        "1,2026-03-02 09:14:11,4.90,11.19,0,0,31,W-1,2,24,0\n1,2026-03-02 09:14:11,4.90,11.19,0,0,32,W-2,1,30,0\n"
        "2,2026-03-14 19:00:00,0,5.70,0,35.70,32,W-2,1,30,35.70\n"
    )
    drafted(settings, rooms, tmp_path, "a_2026-03-20.csv", text)
    assert "abs(max(refunded_total)) as amount" in model(rooms, "refunds")
    assert "coalesce(max(tax_total), 0) as tax_amount" in model(rooms, "orders")
    assert "item_sku as sku" in model(rooms, "order_lines")


def test_a_share_is_no_discount_and_amounts_without_tax_go_first(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Date,Time,Receipt number,Item,Quantity,Price (incl. VAT),Price (excl. VAT),Discount,Discount percentage\n"
        '2026-03-02,09:14,1001,Mugg,2,"240,00","192,00","0,00",0%\n2026-03-02,09:14,1001,Te,1,"112,00","100,00","0,00",0%\n'
        '2026-03-14,19:00,1002,Mugg,1,"120,00","96,00","0,00",0%\n2026-03-15,11:00,1003,Mugg,-1,"-120,00","-96,00","0,00",0%\n'
    )
    drafted(settings, rooms, tmp_path, "a_20260320.csv", text)
    assert "sum(price_excl_vat) as gross_amount" in model(rooms, "orders")
    assert "abs(sum(coalesce(discount, 0))) as discount_amount" in model(rooms, "orders")


def test_what_is_starred_out_names_nobody(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "订单号,订单状态,商品总价(元),手机,发货时间,确认收货时间,拼单成功时间,支付时间\n"
        "1,已收货,20.00,138****0001,2026-03-03 10:00:00,2026-03-05 10:00:00,2026-03-02 22:14:13,2026-03-02 22:14:11\n"
        "2,已发货,30.00,139****0002,2026-03-15 10:00:00,,2026-03-14 22:14:13,2026-03-14 22:14:11\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_2026-03-20.csv", text.encode("gb18030"))
    assert set(draft.shapes) == {"orders", "order_lines"} and said(draft, "phone", "masked")
    assert "min(ordered_at_3) as ordered_at" in model(rooms, "orders")  # not when it was received or paid
    assert load_contracts(rooms[0])["new"].export("rows").column("phone").classification == "core"


def test_words_of_a_subscription_in_a_status_are_a_consent(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Contact ID,Email,Date Updated,Status\n1,a@x.de,2026-03-02 09:14:11,Subscribed\n2,b@x.de,2026-03-01 09:14:11,Unsubscribed\n"
        "3,c@x.de,2026-02-20 09:14:11,Bounced\n4,d@x.de,2026-02-21 09:14:11,Unconfirmed\n"
    )
    drafted(settings, rooms, tmp_path, "a_2026-03-20.csv", text)
    assert "when status = 'Subscribed' then 'granted'" in model(rooms, "consents")
    assert "when status = 'Bounced' then 'withdrawn'" in model(rooms, "consents")


def test_a_redeemed_coupon_is_a_touch_and_one_that_failed_is_none(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "redemption_id,voucher_code,campaign_name,customer_id,customer_email,redeemed_at,result,store\n"
        "r1,S-1,Flyer,C1,a@x.de,2026-03-02T09:14:11Z,SUCCESS,Albany\nr2,S-2,Flyer,C2,b@x.de,2026-03-14T19:00:00Z,FAILURE,Troy\n"
    )
    drafted(settings, rooms, tmp_path, "a_2026-03-20.csv", text)
    touches = model(rooms, "touchpoints")
    assert "campaign_name as campaign" in touches and "coalesce" not in touches
    assert "'new' as source" in touches and "'store_visit' as touch_type" in touches
    assert "result not in ('FAILURE')" in touches


def test_pages_names_are_nobody_s_and_an_event_s_own_time_goes_first(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "ID,RECEIVED_AT,ANONYMOUS_ID,USER_ID,TIMESTAMP,NAME,CONTEXT_CAMPAIGN_SOURCE,CONTEXT_CAMPAIGN_NAME\n"
        "ajs-1,2026-03-02 09:14:12.123,anon-1,,2026-03-02 09:14:11.100,Home,google,spring\n"
        "ajs-2,2026-03-14 19:00:02.123,anon-2,u2,2026-03-14 19:00:01.100,Mug,,\n"
    )
    drafted(settings, rooms, tmp_path, "a.csv", text)
    assert "timestamp_column as touched_at" in model(rooms, "touchpoints")
    assert "coalesce(context_campaign_source, '(direct)') as source" in model(rooms, "touchpoints")
    assert "context_campaign_name as campaign" in model(rooms, "touchpoints")
    assert "full_name" not in model(rooms, "customers")


def test_orders_without_a_time_are_left_out_and_that_is_said(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = "Order No,Order Date,Total\n1,2026-03-02,5.00\n2,,6.00\n"
    draft = drafted(settings, rooms, tmp_path, "a_2026-03-20.csv", text)
    assert "where order_date is not null" in model(rooms, "orders")
    assert said(draft, "order_date", "left out")


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("Discount Code", "coupon_code"),
        ("Discount Percentage", None),
        ("Billing address civility", "salutation"),
        ("Requester ID", "source_customer_id"),
        ("Ticket Price", "unit_price"),
        ("Cancelled at", "cancelled_at"),
        ("billFullName", "full_name"),
        ("CONTEXT_CAMPAIGN_SOURCE", "source"),
        ("Result", "order_status"),
        ("stateMachineState", "order_status"),
    ],
)
def test_headers_of_shops_and_tickets(header: str, role: str | None) -> None:
    assert role_of(header) == role


def test_words_of_tickets_and_payments() -> None:
    words = ("Checked In", "Attending", "Not Attending", "FAIL", "SUCCESS", "done")
    assert [status_of(word) for word in words] == [
        "completed", "completed", "cancelled", "cancelled", "paid", "completed",
    ]  # fmt: skip
