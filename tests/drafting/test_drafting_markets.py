"""Drafts from marketplaces, tills, payment and call systems: what an amount, an id or a row is, the sample itself says."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cdp_assets.drafting.file_names import file_pattern
from cdp_assets.drafting.meanings import role_of, status_of
from cdp_assets.landing import load_contracts
from cdp_assets.settings import Settings
from tests.drafting.drafts import Rooms, drafted, model, said
from tests.landing.builders import landed


def test_discounts_are_those_that_the_sums_of_the_file_take_off(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Order ID,Created Time,SKU ID,Quantity,SKU Unit Original Price,SKU Subtotal Before Discount,SKU Platform Discount,"
        "SKU Seller Discount,SKU Subtotal After Discount,Shipping Fee Seller Discount,Order Amount\n"
        "1,2024-03-01 10:00:00,S1,2,5.00,10.00,1.00,0.50,8.50,0.00,12.50\n1,2024-03-01 10:00:00,S2,1,4.00,4.00,0.00,0.00,4.00,0.00,12.50\n"
        "2,2024-03-02 10:00:00,S1,1,5.00,5.00,0.50,0.00,4.50,0.00,4.50\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_2024-03-02.csv", text)
    assert "sum(sku_subtotal_before_discount) as gross_amount" in model(rooms, "orders")
    sums = "abs(sum(coalesce(sku_platform_discount, 0))) + abs(sum(coalesce(sku_seller_discount, 0)))"
    assert f"({sums}) as discount_amount" in model(rooms, "orders")
    assert "sku_id as sku" in model(rooms, "order_lines").replace("sku_id,", "sku_id as sku,")
    assert said(draft, "SKU Subtotal After Discount", "taken off")


def test_a_line_total_after_discount_is_not_what_it_was_before(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Currency: GBP,,,,,\nReceipt No,Date,Barcode,Qty,Unit Price,Discount,Line Total\n"
        "1,2024-03-01,B1,2,5.00,1.00,9.00\n1,2024-03-01,B2,1,4.00,0.00,4.00\n2,2024-03-02,B1,1,5.00,0.50,4.50\n"
    )
    drafted(settings, rooms, tmp_path, "a_2024-03-02.csv", text.replace("GBP,,,,,", "GBP,,,,,,"))
    assert "sum(qty * unit_price) as gross_amount" in model(rooms, "orders")
    assert "'GBP' as currency" in model(rooms, "orders")  # as the title line says


def test_an_amount_that_does_not_grow_with_the_quantity_is_one_piece_s_price(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "主订单编号,子订单编号,商品名称,商品数量,商家编码,商品金额,订单应付金额,优惠总金额,平台优惠,商家优惠,订单提交时间,订单状态\n"
        "1,11,壶,2,T1,10.00,15.00,5.00,2.00,3.00,2024-03-01 08:00:00,已完成\n1,12,杯,1,T2,4.00,4.00,0.00,0.00,0.00,2024-03-01 08:00:00,已完成\n"
        "2,21,壶,1,T1,10.00,8.00,2.00,2.00,0.00,2024-03-02 08:00:00,未发货，退款成功\n"
    )
    draft = drafted(settings, rooms, tmp_path, "20240331093000_orders.csv", text)
    assert "sum(quantity * unit_price) as gross_amount" in model(rooms, "orders")
    assert landed(settings, "new", "rows", "unit_price, ordered_at")[0] == (Decimal(10), datetime(2024, 3, 1))
    assert said(draft, "商品金额", "one piece") and said(draft, "timeZone", "Asia/Shanghai")
    assert "when '未发货，退款成功' then 'refunded'" in model(rooms, "orders")


def test_what_the_whole_order_counted_is_no_line_s_quantity(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Order number,Date created,Total order quantity,Item,Qty,Quantity refunded,Price,Delivery method,Billing state,Payment status\n"
        '1,"Mar 1, 2024",3,a,2,0,5.00,Post,Ohio,Paid\n1,"Mar 1, 2024",3,b,1,0,4.00,Post,Ohio,Paid\n'
        '2,"Mar 2, 2024",2,a,1,0,5.00,Post,Ohio,Partially refunded\n2,"Mar 2, 2024",2,b,1,1,4.00,Post,Ohio,Partially refunded\n'
    )
    drafted(settings, rooms, tmp_path, "a_2024-03-02.csv", text)
    assert "sum(qty * price) as gross_amount" in model(rooms, "orders")
    assert "when 'Partially refunded' then 'paid'" in model(rooms, "orders")


def test_refunds_among_the_payments_are_refunds_of_the_sale_that_they_name(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,From Email Address,Transaction ID,Reference Txn ID\n"
        "05/31/2024,20:00:00,PDT,A,Express Checkout Payment,Completed,USD,9.50,a@x.de,T1,\n"
        "05/31/2024,21:00:00,PDT,A,Payment Refund,Completed,USD,-9.50,shop@x.de,T2,T1\n"
        "05/31/2024,22:00:00,PDT,,General Withdrawal,Completed,USD,-5.00,,T3,\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_2024-05-31.csv", text)
    assert "where type in ('Express Checkout Payment')" in model(rooms, "orders")
    assert "where type in ('Express Checkout Payment')" in model(rooms, "customers")
    assert "where type in ('Payment Refund')" in model(rooms, "refunds")
    assert "reference_txn_id as order_id" in model(rooms, "refunds")
    assert landed(settings, "new", "rows", "date")[0] == (datetime(2024, 6, 1, 3),)
    assert said(draft, "neither are 'General Withdrawal'")


def test_orders_are_numbered_by_the_order_and_buyers_by_a_pseudonym(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Sale Date,Item Name,Buyer,Quantity,Price,Order Shipping,Transaction ID,Order ID\n"
        "03/31/24,Mug,Ann Lee (ann1),1,5.00,4.95,T1,O1\n03/31/24,Cup,Ann Lee (ann1),1,4.00,4.95,T2,O1\n"
        "03/30/24,Mug,Ben Roy (ben2),2,5.00,4.95,T3,O2\n"
    )
    drafted(settings, rooms, tmp_path, "a.csv", text)
    facts = load_contracts(rooms[0])["new"].export("rows")
    assert facts.primary_key == ["order_id"]
    assert [key.columns for key in facts.facts.natural_keys] == [["buyer"]]
    assert "group by order_id" in model(rooms, "orders")
    assert "max(_key_customer) as source_customer_id" in model(rooms, "orders")


def test_a_return_has_its_own_day_and_discounts_are_taken_off_before(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Bestellnummer;Auftragsdatum;Positionsnummer;Artikelnummer;Artikelbezeichnung;Positionsstatus;Bruttoverkaufspreis;MwSt-Satz;"
        "Rabatt;Rechnungsadresse Anrede;Rechnungsadresse Straße;Rechnungsadresse Hausnummer;Rechnungsadresse Ort;Telefon;Retourendatum\n"
        "1;01.03.2024;1;A;Stuhl;SENT;1.299,00;19;5,00;Frau;Weg;3a;Görlitz;0151/2345001;\n"
        "2;13.03.2024;1;A;Stuhl;RETURNED;7,50;19;0,50;Herr;Weg;4;Görlitz;0151/2345002;20.03.2024\n"
    )
    drafted(settings, rooms, tmp_path, "a.csv", text.encode("cp1252"))
    assert "sum(bruttoverkaufspreis) as gross_amount" in model(rooms, "orders")
    assert "0 as tax_amount" in model(rooms, "orders")  # a rate is no amount
    assert "coalesce(cast(max(retourendatum) as timestamp)" in model(rooms, "refunds")
    assert "concat_ws(' ', rechnungsadresse_strasse, rechnungsadresse_hausnummer) as street" in model(
        rooms, "customers"
    )


def test_item_rows_fee_rows_and_repeated_totals(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "注文ID,会員ID,お名前(姓),お名前(名),お名前(セイ),都道府県(ID),都道府県(名称),誕生日,小計,注文日時,対応状況,商品名,価格,個数,明細区分(名称)\n"
        "1,7,佐藤,花子,サトウ,13,東京都,1985/04/01 00:00:00,2200,2024/03/01 08:00:00,注文キャンセル,湯のみ,1000,1,商品\n"
        "1,7,佐藤,花子,サトウ,13,東京都,1985/04/01 00:00:00,2200,2024/03/01 08:00:00,注文キャンセル,急須,1200,1,商品\n"
        "1,7,佐藤,花子,サトウ,13,東京都,1985/04/01 00:00:00,2200,2024/03/01 08:00:00,注文キャンセル,送料,500,1,送料\n"
    )
    drafted(settings, rooms, tmp_path, "order_20240331103000.csv", text.encode("cp932"))
    assert "where line_kind = '商品'" in model(rooms, "orders")
    assert "sum(quantity * unit_price) as gross_amount" in model(rooms, "orders")
    assert "when '注文キャンセル' then 'cancelled'" in model(rooms, "orders")
    assert "family_name" in model(rooms, "customers") and "as region" not in model(
        rooms, "customers"
    ).replace("region_2 as region", "")
    assert landed(settings, "new", "rows", "birth_date")[0] == (date(1985, 4, 1),)


def test_a_log_of_contacts_is_no_list_of_persons(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "Interaction ID|Start Time|Customer Number|Customer ID|Customer Name|Disposition|Recording Consent\n"
        "INT-0001|31/03/2024 10:00|'+447700900001|440001|Hart, Ann|Resolved|Yes\n"
        "INT-0002|31/03/2024 11:00|'+447700900001|440001|Hart, Ann|Resolved|No\n"
        "INT-0003|30/03/2024 11:00|'+447700900002|440002|Roy, Ben|Resolved|No\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_20240331.txt", text)
    contract = load_contracts(rooms[0])["new"].export("rows")
    assert contract.primary_key == ["interaction_id"]
    assert contract.column("customer_number").classification == "core"  # a phone, whatever it is called
    assert set(draft.shapes) == {"customers", "touchpoints"}  # to be recorded is no consent to marketing
    assert "customer_id as source_customer_id" in model(rooms, "touchpoints")


def test_events_of_an_app_and_scans_name_their_customer(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    lines = [
        {
            "uuid": f"u-{number}",
            "event_time": "2024-03-01 10:00:00.000000",
            "device_id": f"D{number}",
            "user_id": f"m{number % 2}",
            "user_properties": {"utm_source": "google", "email": f"m{number % 2}@x.de", "loyalty": "gold"},
            "name": {"first": "Ann", "last": "Lee"},
        }
        for number in range(4)
    ]
    drafted(settings, rooms, tmp_path, "a.ndjson", "".join(json.dumps(line) + "\n" for line in lines))
    assert "        user_id as source_customer_id" in model(rooms, "customers")
    assert "user_id as source_customer_id" in model(rooms, "touchpoints")
    assert "name_first as given_name" in model(rooms, "customers")
    assert "loyalty_id" not in model(rooms, "customers")


def test_a_profile_is_known_by_the_system_s_own_id(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "Email,Klaviyo ID,First Name,Email Marketing Consent,Email Marketing Consent Timestamp\n"
        "a@x.de,01HV1,Ann,SUBSCRIBED,2024-03-01 10:00:00+00:00\nb@x.de,01HV2,Ben,NEVER_SUBSCRIBED,\n"
    )
    drafted(settings, rooms, tmp_path, "a_2024-03-02.csv", text)
    assert "klaviyo_id as source_customer_id" in model(rooms, "customers")
    assert "email_marketing_consent_timestamp as recorded_at" in model(rooms, "consents")


def test_discounts_with_a_minus_are_discounts_all_the_same(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "orderNumber,createTime,sellerSku,paidPrice,unitPrice,sellerDiscountTotal,itemName\n"
        "1,05 May 2024 10:22,A,17.90,19.90,-2.00,Fan\n1,05 May 2024 10:22,B,43.00,45.00,-2.00,Fan\n2,15 May 2024 10:22,A,19.90,19.90,0,Fan\n"
    )
    drafted(settings, rooms, tmp_path, "a_2024-05-31.csv", text)
    assert "abs(sum(coalesce(seller_discount_total, 0))) as discount_amount" in model(rooms, "orders")
    assert "-coalesce(seller_discount_total, 0) as discount_amount" in model(rooms, "order_lines")


def test_refund_receipts_give_back_what_was_paid(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "Date,Receipt number,Receipt type,Item,Quantity,Gross sales,Discounts,Net sales,Customer name\n"
        "5/1/24 8:00 AM,1-1,Sale,Tea,1,4.50,0.50,4.00,Ann\n5/1/24 8:00 AM,1-1,Sale,Cup,1,3.00,0.50,2.50,Ann\n"
        "5/13/24 9:00 AM,1-2,Refund,Tea,1,4.50,0.50,4.00,Ann\n5/13/24 9:00 AM,1-3,Sale,Tea,1,4.50,0.00,4.50,Ann\n"
    )
    drafted(settings, rooms, tmp_path, "a_2024-05-31.csv", text)
    assert "where receipt_type in ('Sale')" in model(rooms, "orders")
    assert "sum(gross_sales) as gross_amount" in model(rooms, "orders")
    assert "abs(gross_sales) - abs(coalesce(discounts, 0)) as amount" in model(rooms, "refunds")


def test_a_discount_that_is_in_the_amount_is_not_taken_off_again_and_a_void_is_no_sale(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Order Id,Opened,Revenue Center,Discount Amount,Amount,Tax,Tip,Total,Voided\n"
        "9000001,5/1/24 8:00 AM,Bar,3.00,17.00,1.36,2.00,20.36,false\n9000002,5/13/24 9:00 AM,Bar,0.00,20.00,1.60,2.00,23.60,true\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_2024_05_31.csv", text)
    assert "0 as discount_amount" in model(rooms, "orders")
    assert "case when voided then 'cancelled' else 'completed' end as order_status" in model(rooms, "orders")
    assert said(draft, "Discount Amount", "already")


def test_spaces_that_do_not_break_group_thousands_too(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "ID;Référence;Total payé;État;Date\n"
        "1;XKBK;1\u202f249,90\u00a0€;Livré;2024-03-01 10:00:00\n2;XKBL;2\u00a0000,00\u00a0€;Paiement accepté;2024-03-02 10:00:00\n"
    )
    drafted(settings, rooms, tmp_path, "a_2024-03-02.csv", text)
    assert landed(settings, "new", "rows", "total_paye") == [(Decimal("1249.90"),), (Decimal("2000"),)]
    assert "        id as order_id" in model(rooms, "orders")
    assert "when 'Paiement accepté' then 'paid'" in model(rooms, "orders")


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("SKU Subtotal Before Discount", "line_amount"),
        ("SKU Subtotal After Discount", "net_amount"),
        ("SKU Unit Original Price", "unit_price"),
        ("Seller SKU", "sku"),
        ("Product Category", "category"),
        ("Shipping Provider Name", None),
        ("Delivery method", None),
        ("Shipping rate", "shipping_amount"),
        ("Billing state", "region"),
        ("快递单号", "tracking"),
        ("商品总价(元)", "line_amount"),
        ("お名前(セイ)", "name_kana"),
        ("Loyalty Card", "loyalty_id"),
        ("Receive Marketing Emails", "consent"),
        ("Store Credit", None),
        ("Address ID", None),
        ("By Day", "ordered_at"),
    ],
)
def test_more_headers_mean_what_they_say(header: str, role: str | None) -> None:
    assert role_of(header) == role


def test_more_words_of_a_status_and_a_clock_glued_to_its_day() -> None:
    assert [status_of(w) for w in ("已收货", "To ship", "入金済み", "Partially refunded", "已收货，退款成功")] == [
        "completed", "paid", "paid", "paid", "refunded",
    ]  # fmt: skip
    assert file_pattern("20240531093000_orders.csv")[0] == r"(?i)(?P<period>\d{14})_orders\.csv"
