"""Drafts from payment, till, marketplace, newsletter and web systems: what a header says wrongly, the sample's texts say rightly."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cdp_assets.drafting.draft import draft_channel
from cdp_assets.drafting.meanings import role_of, status_of, touch_of
from cdp_assets.landing import load_contracts
from cdp_assets.landing.held import FileHeld
from cdp_assets.settings import Settings
from tests.drafting.drafts import Rooms, drafted, model, said
from tests.landing.builders import landed


def test_a_status_is_read_from_its_words_not_from_its_number(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "orderId;customerId;orderStatusId;orderTime;articleNumber;quantity;price;status\n"
        "57;12;2;2024-05-01 09:12:11;A;2;9.90;Komplett abgeschlossen\n58;13;4;2024-05-12 19:12:11;A;1;9.90;Storniert / Abgelehnt\n"
    )
    drafted(settings, rooms, tmp_path, "a_2024-05-31.csv", text)
    assert "case max(status) when 'Komplett abgeschlossen' then 'completed'" in model(rooms, "orders")
    assert landed(settings, "new", "rows", "order_status_id") == [
        ("2",),
        ("4",),
    ]  # a state is a text, whatever it looks like


def test_a_file_without_a_header_is_refused_and_its_texts_become_no_names(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    path = tmp_path / "events.tsv"
    path.write_text("".join(f"web\t2024-05-0{day} 09:12:11\tu{day}@x.de\t1.5\n" for day in (1, 2, 3)))
    with pytest.raises(FileHeld) as caught:
        draft_channel(settings, "new", [path], channels_dir=rooms[0], dbt_project_dir=rooms[1])
    assert "no names of columns" in str(caught.value) and "u1@x.de" not in str(caught.value)


def test_title_lines_decide_nothing_about_the_delimiter(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    lines = [
        "Campaign Performance Report (in UTC)",
        "Report Start: May 1, 2024, 12:00 AM",
        "Report End: May 31, 2024, 11:59 PM",
        "Date Generated: June 1, 2024, 9:30 AM",
        "Start Date (in UTC)\tCurrency\tCampaign Name\tTotal Spent\tImpressions\tClicks",
        *(f"05/{day}/2024\tEUR\tLaunch\t{day}.50\t4,200\t42" for day in (12, 13, 14)),
    ]
    drafted(settings, rooms, tmp_path, "a.csv", ("\n".join(lines) + "\n").encode("utf-16"))
    assert "sum(total_spent) as spend" in model(rooms, "spend")
    assert landed(settings, "new", "rows", "impressions")[0] == (4200,)


def test_returns_come_line_by_line_and_their_times_may_name_utc_in_words(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Return ID,Created At,Order Number,Customer Email,SKU,Quantity,Refund Amount,Exchange Amount,Currency\n"
        "9001,2024-05-12 10:00:00 UTC,#1,a@x.de,MUG,1,12.00,0.00,USD\n9001,2024-05-12 10:00:00 UTC,#1,a@x.de,TEE,1,0.00,30.00,USD\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_2024-05-31.csv", text)
    assert landed(settings, "new", "rows", "created_at")[0] == (datetime(2024, 5, 12, 10),)
    assert "return_id || ':' || cast(row_number() over (partition by return_id" in model(rooms, "refunds")
    assert not said(draft, "timeZone")
    assert "orders" not in draft.shapes  # an exchange is no sale


def test_who_opted_out_anywhere_is_out(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "CONTACT ID;EMAIL;SMS;DOUBLE_OPT-IN;EMAIL_BLACKLISTED;MODIFIED_TIME\n"
        "1;a@x.de;15185550101;Yes;false;13-05-2024 10:00:00\n2;b@x.de;15185550102;Yes;true;14-05-2024 10:00:00\n"
    )
    drafted(settings, rooms, tmp_path, "a_20240531.csv", text)
    assert (
        "case when coalesce(email_blacklisted, false) then 'withdrawn' when double_opt_in then 'granted'"
        in model(rooms, "consents")
    )
    assert "sms as phone" in model(rooms, "customers")


def test_persons_of_a_customer_system_have_a_guid_and_words_for_what_they_forbid(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "(Do Not Modify) Contact,(Do Not Modify) Row Checksum,(Do Not Modify) Modified On,Full Name,Email,Do not allow Bulk Emails\n"
        "6f0a7a54-0001-ee11-8f6e-000d3a000001,q9==,2024-05-30 10:00:00,Ann Lee,a@x.de,Allow\n"
        "6f0a7a54-0001-ee11-8f6e-000d3a000002,q8==,2024-05-29 10:00:00,Ben Roy,b@x.de,Do Not Allow\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a.csv", text)
    assert "do_not_modify_contact as source_customer_id" in model(rooms, "customers")
    assert "where coalesce(do_not_allow_bulk_emails in ('Do Not Allow'), false)" in model(rooms, "consents")
    assert "'withdrawn' as status" in model(rooms, "consents")
    assert not said(draft, "by its name a time") and not said(draft, "email:", "all look like it")


def test_an_address_on_every_sale_is_the_shop_s_and_a_reference_names_the_sale(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Email,Date,Transaction ID,Transaction Type,Status,Total,Net,Tax Amount,Reference\n"
        'shop@x.uk,"1 May 2024, 09:12",T1,Payment,Successful,4.80,4.00,0.80,\nshop@x.uk,"2 May 2024, 09:12",T2,Payment,Successful,4.80,4.00,0.80,\n'
        'shop@x.uk,"14 May 2024, 11:12",T3,Refund,Refunded,-4.80,-4.00,-0.80,T1\n'
    )
    draft = drafted(settings, rooms, tmp_path, "a_2024-05-31.csv", text)
    assert set(draft.shapes) == {"orders", "order_lines", "refunds"}  # nobody is a customer
    assert "reference as order_id" in model(rooms, "refunds")
    assert load_contracts(rooms[0])["new"].export("rows").column("email").classification == "core"
    assert said(draft, "email", "account's own")


def test_a_minus_may_stand_behind_and_rows_that_have_one_are_returns(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Faktura;Position;Fakturadatum;Auftraggeber;Material;Bezeichnung;Fakturierte Menge;Nettowert;Steuerbetrag;Währg\n"
        "90001;10;01.05.2024;4711;A;Tasse;2,000;24,00;4,56;EUR\n90001;20;01.05.2024;4711;B;Hemd;1,000;1.030,00;195,70;EUR\n"
        "90003;10;20.05.2024;4712;A;Tasse;1,000-;12,50-;2,38-;EUR\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_20240531.csv", text)
    assert landed(settings, "new", "rows", "nettowert")[2] == (Decimal("-12.50"),)
    assert "where coalesce(fakturierte_menge, 0) >= 0" in model(rooms, "orders")
    assert "where fakturierte_menge < 0" in model(rooms, "refunds")
    assert "abs(nettowert) as amount" in model(rooms, "refunds")
    assert said(draft, "fakturierte_menge", "given back")


def test_a_line_that_was_voided_is_left_out_and_a_flag_tells_a_return(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "TRANS_SEQ|BEGIN_DATETIME|ITEM_ID|QUANTITY|UNIT_PRICE|RETURN_FLAG|VOID_FLAG|ORIG_SEQ\n5501|2024-05-01 09:12:11|A|2|12.00|0|0|\n"
        "5501|2024-05-01 09:12:11|B|1|30.00|0|1|\n5504|2024-05-13 11:12:11|A|1|12.00|1|0|5501\n"
    )
    drafted(settings, rooms, tmp_path, "a_20240531.txt", text)
    assert "where not coalesce(return_flag, false)\n    and not coalesce(void_flag, false)" in model(
        rooms, "orders"
    )
    assert "where return_flag\n    and not coalesce(void_flag, false)" in model(rooms, "refunds")
    assert "orig_seq as order_id" in model(rooms, "refunds")
    assert "'completed' as order_status" in model(rooms, "orders")


def test_what_stands_in_debit_was_given_back(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "Psp Reference,Merchant Reference,Creation Date,TimeZone,Type,Gross Currency,Gross Debit (GC),Gross Credit (GC)\n"
        "P1,W-1,2024-05-01 10:22:31,CEST,Settled,EUR,,45.99\nP1,W-1,2024-05-12 12:00:00,CEST,Refunded,EUR,5.00,\n,,2024-05-14 00:00:00,CEST,Fee,EUR,,\n"
    )
    drafted(settings, rooms, tmp_path, "a.csv", text)
    assert "where type in ('Settled')" in model(rooms, "orders")
    assert "sum(gross_credit_gc) as gross_amount" in model(rooms, "orders")
    assert "max(upper(gross_currency)) as currency" in model(rooms, "orders")
    assert "abs(gross_debit_gc) as amount" in model(rooms, "refunds")
    assert "merchant_reference as order_id" in model(rooms, "refunds")


def test_sums_of_an_order_are_compared_over_its_rows(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    head = "注文番号,ステータス,注文日時,送料合計,請求金額,クーポン利用総額,店舗発行クーポン利用額,楽天発行クーポン利用額"
    head += ",注文者郵便番号1,注文者郵便番号2,注文者電話番号1,注文者電話番号2,注文者電話番号3,注文者メールアドレス,商品ID,商品名,単価,個数\n"
    text = head + (
        "1,発送済,2024/05/01 09:10:00,500,5600,300,300,0,105,0014,03,1234,0001,a@x.jp,5001,湯のみ,1200,2\n"
        "1,発送済,2024/05/01 09:10:00,500,5600,300,300,0,105,0014,03,1234,0001,a@x.jp,5002,急須,3000,1\n"
        "2,支払手続き済,2024/05/03 23:50:00,500,1500,200,0,200,150,0001,090,1234,0002,b@x.jp,5001,湯のみ,1200,1\n"
    )
    drafted(settings, rooms, tmp_path, "20240531093000.csv", text.encode("cp932"))
    assert "abs(coalesce(max(discount_amount), 0)) as discount_amount" in model(rooms, "orders")
    assert landed(settings, "new", "rows", "phone, postcode")[0] == (
        "03 1234 0001",
        "105 0014",
    )  # parted columns, joined


def test_what_an_e_mail_did_is_a_touch_and_what_the_sender_did_is_none(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "ClientID,SubscriberKey,EmailAddress,SubscriberID,EventDate,EventType\n500001,K1,a@x.de,77001,5/1/2024 9:12:11 AM,Click\n"
        "500001,K2,b@x.de,77002,5/13/2024 9:12:11 PM,Open\n500001,K3,c@x.de,77003,5/13/2024 9:12:11 PM,Sent\n"
    )
    drafted(settings, rooms, tmp_path, "a_20240531.csv", text.encode("utf-16"))
    touches = model(rooms, "touchpoints")
    assert (
        "case event_type when 'Click' then 'click' when 'Open' then 'open' else 'visit' end as touch_type"
        in touches
    )
    assert "event_type not in ('Sent')" in touches and "'email' as medium" in touches
    assert "device_id" not in touches  # the same id on every row is the account's


def test_a_visit_comes_from_its_campaign_s_source_and_ids_may_begin_with_id(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "idVisit,visitorId,userId,serverTimestamp,campaignName,campaignSource,campaignMedium\n"
        "500001,a1,u1,1714554731,spring,google,cpc\n500002,a2,,1714654731,,,\n"
    )
    drafted(settings, rooms, tmp_path, "a_2024-05-31.csv", text)
    assert "coalesce(campaign_source, '(direct)') as source" in model(rooms, "touchpoints")
    assert "campaign_name as campaign" in model(rooms, "touchpoints")
    assert load_contracts(rooms[0])["new"].export("rows").primary_key == ["id_visit"]


def test_polish_and_korean_orders_are_read_as_such(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "Numer zamówienia;Data zakupu;Status zamówienia;Login kupującego;Imię i nazwisko;Nazwa oferty;Liczba sztuk;Cena jednostkowa;Waluta\n"
        "a-1;01.05.2024 09:12:00;WYSŁANE;kup1;Jan Żak;Długi kubek;2;24,99;PLN\na-2;15.05.2024 09:12:00;ANULOWANE;kup2;Ewa Łoś;Kubek;1;24,99;PLN\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_2024-05-31.csv", text.encode("cp1250"))
    assert landed(settings, "new", "rows", "imie_i_nazwisko")[0] == ("Jan Żak",)
    assert "sum(liczba_sztuk * cena_jednostkowa) as gross_amount" in model(rooms, "orders")
    assert "when 'ANULOWANE' then 'cancelled'" in model(rooms, "orders")
    assert said(draft, "PLN", "fx_rates.csv")
    korean = ("주문번호", "구매자명", "수취인연락처1", "상품가격", "상품별 할인액", "주문상태", "결제일")
    assert [role_of(h) for h in korean] == [
        "order_id", "full_name", "recipient_phone", "unit_price", "discount_amount", "order_status", "ordered_at",
    ]  # fmt: skip
    assert [status_of(word) for word in ("배송중", "취소완료", "Zwrócone")] == [
        "shipped",
        "cancelled",
        "refunded",
    ]
    assert role_of("訂單編號") == "order_id"  # traditional Chinese, read as simplified


def test_members_without_a_phone_are_known_by_the_platform_s_id(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = "客户名称,添加时间,手机,unionid\n小美,2024-05-01 09:12:11,13800000001,oA1\n云淡,2024-05-03 19:12:11,,oA3\n"
    drafted(settings, rooms, tmp_path, "a_20240531.csv", text.encode("gb18030"))
    assert "unionid as source_customer_id" in model(rooms, "customers")


def test_an_order_is_of_the_time_when_it_was_made_not_when_it_was_paid(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    lines = [
        {
            "order_id": f"o{n}",
            "paid_at": f"2024-05-0{n}T10:00:00Z" if n < 3 else None,
            "created_at": f"2024-05-0{n}T09:00:00Z",
            "total": "5.00",
        }
        for n in (1, 2, 3)
    ]
    drafted(settings, rooms, tmp_path, "a.ndjson", "".join(json.dumps(line) + "\n" for line in lines))
    assert "created_at as ordered_at" in model(rooms, "orders")


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("gross_currency", "currency"),
        ("modification_reference", None),
        ("Product Type", None),
        ("Avg Land Cost", None),
        ("On Purchase", None),
        ("# de venta", "order_id"),
        ("id_customer", "source_customer_id"),
        ("campaignSource", "source"),
        ("Ausgegebener Betrag (EUR)", "spend"),
        ("Montant dépensé (EUR)", "spend"),
        ("Importe gastado (ARS)", "spend"),
        ("消费", "spend"),
        ("Venue ID", "store_id"),
    ],
)
def test_these_headers_mean_what_they_say(header: str, role: str | None) -> None:
    assert role_of(header) == role


def test_months_are_read_in_the_language_of_the_file(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "# de venta;Fecha de venta;Estado;Unidades;Ingresos por productos (ARS);Título de la publicación;Total (ARS)\n"
        "2001;5 de mayo de 2024 10:22 hs.;Entregado;2;20000;Termo;17200\n2003;17 de Septiembre de 2024 21:22 hs.;Entregado;3;24000;Mate;20700\n"
    )
    drafted(settings, rooms, tmp_path, "a_2024-09-30.csv", text)
    times = [(datetime(2024, 5, 5, 10, 22),), (datetime(2024, 9, 17, 21, 22),)]
    assert landed(settings, "new", "rows", "fecha_de_venta") == times
    assert "sum(ingresos_por_productos_ars) as gross_amount" in model(rooms, "orders")
    assert "'ARS' as currency" in model(rooms, "orders")
    assert [status_of(w) for w in ("Venta cancelada", "En camino", "Annullato", "Geleverd")] == [
        "cancelled", "shipped", "cancelled", "completed",
    ]  # fmt: skip


def test_words_of_events() -> None:
    assert [touch_of(w) for w in ("Email Opened", "click", "Bounced", "Page View", "Purchase")] == [
        "open", "click", "none", "visit", None,
    ]  # fmt: skip
