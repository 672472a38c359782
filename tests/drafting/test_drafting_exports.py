"""Drafts from exports that no contract was written for: they land whole, lose no row, and say what they guessed."""

from __future__ import annotations

import io
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from cdp_assets.drafting.file_names import file_pattern
from cdp_assets.drafting.guessing import column_name
from cdp_assets.drafting.meanings import role_of, status_of
from cdp_assets.landing import load_contracts
from cdp_assets.landing.wiring import wiring_problems, write_sources
from cdp_assets.settings import Settings
from tests.drafting.drafts import Rooms, drafted, model, said
from tests.landing.builders import landed, with_facts


def test_a_german_shop_with_decimal_commas_and_equal_zeros(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Bestellnummer;Bestelldatum;Bestellstatus;E-Mail (Rechnung);Straße;Menge;Einzelpreis;Erstattung;Währung\n"
        "1;01.03.2024 09:12;Abgeschlossen;anna@example.de;Weg 1;2;1.249,00;0,00;EUR\n"
        "1;01.03.2024 09:12;Abgeschlossen;anna@example.de;Weg 1;1;5,50;0,00;EUR\n"
        "2;13.03.2024 09:12;Storniert;bea@example.de;Weg 2;1;5,50;0,00;EUR\n"
    )
    draft = drafted(settings, rooms, tmp_path, "bestellungen-2024-03-31.csv", text.encode("cp1252"))
    assert landed(settings, "new", "rows", "einzelpreis, erstattung")[0] == (Decimal("1249"), Decimal("0.00"))
    assert {"orders", "order_lines", "customers", "refunds"} <= set(draft.shapes)
    assert "when 'Storniert' then 'cancelled'" in model(rooms, "orders")
    assert "_key_customer" in model(rooms, "customers")
    assert "e_mail_rechnung as source_customer_id" not in model(rooms, "orders")
    assert said(draft, "encoding", "cp1252")
    assert said(draft, "timeZone", "bestelldatum")


def test_amounts_without_cents_are_numbers_all_the_same(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    drafted(settings, rooms, tmp_path, "a.csv", "id,converted,fee\n1,10.00,0.00\n2,20.00,0.00\n")
    assert landed(settings, "new", "rows", "converted") == [(Decimal("10"),), (Decimal("20"),)]


def test_rows_around_the_table_are_declared_and_nothing_else(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "\ufeff\r\n"
        '"Order Number","Buyer Name","Custom Label","Quantity","Sold For","Sale Date"\r\n'
        '"","","","","",""\r\n'
        '"30-1","A","L1","1","$1,019.00","Mar-01-24"\r\n'
        '"30-2","B","L2","2","$9.99","Mar-02-24"\r\n'
        "\r\n"
        '"2","record(s) downloaded"," from ","Mar-01-24"\r\n'
        '"Seller ID : somebody"\r\n'
    )
    draft = drafted(settings, rooms, tmp_path, "Orders-Mar-31-2024.csv", text)
    assert landed(settings, "new", "rows", "order_number, sold_for, _line") == [
        ("30-1", Decimal("1019"), 4),
        ("30-2", Decimal("9.99"), 5),
    ]
    assert said(draft, "footer")
    assert said(draft, "subHeaderRows")
    assert said(draft, "does not sort")
    # one row per order in the sample, but rows that name articles: a second row of an order is never taken for a duplicate
    assert load_contracts(rooms[0])["new"].export("rows").facts.rows_per_key == "many"
    assert "sum(quantity * sold_for) as gross_amount" in model(
        rooms, "orders"
    )  # what eBay calls "Sold For" is one piece's price


def test_a_name_that_begins_like_a_total_is_no_footer(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    drafted(settings, rooms, tmp_path, "a.csv", "campaign,cost\nSpring,1.50\nSummer sale,2.50\nTotal,4.00\n")
    assert landed(settings, "new", "rows", "campaign") == [("Spring",), ("Summer sale",)]


def test_orders_are_never_replaced_by_the_contact_of_their_buyer(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = "email,day,price\na@x.de,2024-03-01,1.50\na@x.de,2024-03-02,2.50\n"
    draft = drafted(settings, rooms, tmp_path, "a_2024-03-02.csv", text)
    facts = load_contracts(rooms[0])["new"].export("rows").facts
    assert (facts.delivery, facts.replaces) == ("append", "period")
    assert said(draft, "count twice")


def test_numbers_that_restart_are_no_key(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = "receipt no,store,date,price\n1,A,2024-03-01,1.5\n1,B,2024-03-01,2.5\n2,A,2024-03-01,2.5\n2,B,2024-03-02,2.5\n"
    draft = drafted(settings, rooms, tmp_path, "a_2024-03-02.csv", text)
    assert load_contracts(rooms[0])["new"].export("rows").primary_key == []
    assert said(draft, "receipt_no", "no key")


def test_order_values_on_the_first_row_only_are_filled_down(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Name,Email,Created at,Lineitem price,Lineitem quantity,Shipping\n"
        "#1,a@x.de,2024-03-01 10:00:00,5.00,1,4.90\n#1,,,6.00,1,\n#2,b@x.de,2024-03-02 10:00:00,7.00,1,4.90\n#2,,,7.00,1,\n"
    ).replace("Name", "Order Name")
    draft = drafted(settings, rooms, tmp_path, "a_2024-03-02.csv", text)
    assert landed(settings, "new", "rows", "email")[1] == ("a@x.de",)
    assert said(draft, "fillDown", "email", "shipping")
    assert "coalesce(max(shipping), 0)" in model(rooms, "orders")


def test_totals_and_payments_among_the_lines_add_no_amount(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Date,Receipt Number,Line Type,Sku,Quantity,Subtotal\n"
        "1 Mar 2024 10:00,7,Sale,,1,5.00\n1 Mar 2024 10:00,7,Sale Line,S1,1,5.00\n1 Mar 2024 10:00,7,Payment,,,\n"
    )
    draft = drafted(settings, rooms, tmp_path, "sales-20240301.csv", text)
    assert "where line_type = 'Sale Line'" in model(rooms, "orders")
    assert "where line_type = 'Sale Line'" in model(rooms, "order_lines")
    assert said(draft, "several kinds")


def test_every_drafted_order_has_lines_that_sum_to_it(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Order No,Date,Item,Order Total\n1,2024-03-01,a,9.50\n1,2024-03-01,b,9.50\n"
        "2,2024-03-02,a,4.50\n3,2024-03-02,a,5.50\n3,2024-03-02,b,5.50\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_2024-03-02.csv", text)
    assert "max(order_total) as gross_amount" in model(rooms, "orders")
    assert "row_number() over (partition by order_no order by _load_id, _line) = 1" in model(
        rooms, "order_lines"
    )
    assert said(draft, "one line per order")


def test_payments_are_orders_of_one_line(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = "id,order_id,Created (UTC),Amount\nch_1,7,2024-03-01 10:00,9.50\nch_2,8,2024-03-02 10:00,1.50\n"
    draft = drafted(settings, rooms, tmp_path, "payments.csv", text)
    assert load_contracts(rooms[0])["new"].export("rows").primary_key == ["id"]
    assert "order_lines" in draft.shapes
    assert not said(draft, "timeZone")


def test_a_payment_without_an_order_number_is_known_by_its_own_id(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer Email,Invoice ID\n"
        "ch_1,2024-03-01 10:00,9.50,0.00,usd,Paid,a@x.de,\nch_2,2024-03-02 10:00,1.50,1.50,usd,Refunded,b@x.de,\n"
    )
    drafted(settings, rooms, tmp_path, "payments.csv", text)
    assert "        id as order_id" in model(rooms, "orders")
    assert "_key_customer as source_customer_id" in model(rooms, "customers")


def test_rows_without_an_order_number_are_no_order(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = "Order No,Date,Price\n1,2024-03-01,1.50\n,2024-03-02,2.50\n"
    draft = drafted(settings, rooms, tmp_path, "a_2024-03-02.csv", text)
    assert "where order_no is not null" in model(rooms, "orders")
    assert "where order_no is not null" in model(rooms, "order_lines")
    assert said(draft, "rows without it are no order")


def test_what_an_amount_includes_is_not_what_it_is(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "ID,Purchase Date,Subtotal (inc tax),Subtotal (ex tax),Tax Total,Customer Email,Status\n"
        "7,2024-03-01,11.00,10.00,1.00,a@x.de,Complete\n8,2024-03-02,22.00,20.00,2.00,a@x.de,Awaiting Payment\n"
    )
    drafted(settings, rooms, tmp_path, "orders_2024-03-02.csv", text)
    assert "subtotal_ex_tax as gross_amount" in model(rooms, "orders")
    assert "coalesce(tax_total, 0) as tax_amount" in model(rooms, "orders")
    assert "when 'Awaiting Payment' then 'pending'" in model(rooms, "orders")
    assert "_key_customer as source_customer_id" in model(rooms, "orders")


def test_an_order_that_is_refunded_by_its_status_alone_is_given_back_whole(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Order No,Date,Item,Qty,Price,Line Discount,Status\n1,2024-03-01,a,2,5.00,0.50,Delivered\n"
        "1,2024-03-01,b,1,4.00,0.50,Delivered\n2,2024-03-02,a,1,5.00,0.00,Returned\n"
    )
    drafted(settings, rooms, tmp_path, "a_2024-03-02.csv", text)
    assert "where status in ('Returned')" in model(rooms, "refunds")
    assert "sum(qty * price) - abs(sum(coalesce(line_discount, 0))) as amount" in model(rooms, "refunds")
    # the same on each of an order's lines, but a line's by its name: it is added up
    assert "abs(sum(coalesce(line_discount, 0))) as discount_amount" in model(rooms, "orders")


def test_persons_are_known_by_their_own_id_and_their_source_is_no_visit(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Id,AccountId,FirstName,Email,LeadSource,HasOptedOutOfEmail,CreatedDate\n"
        "p1,acme,Ann,a@x.de,Web,true,2024-03-01\np2,acme,Ben,b@x.de,Web,false,2024-03-02\n"
    )
    draft = drafted(settings, rooms, tmp_path, "contacts.csv", text)
    assert "        id as source_customer_id" in model(rooms, "customers")
    assert set(draft.shapes) == {"customers", "consents"}
    assert "where coalesce(has_opted_out_of_email, false)" in model(
        rooms, "consents"
    )  # not to opt out is no consent


def test_a_json_document_of_orders_with_their_lines(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    orders = [
        {
            "id": number,
            "order_number": f"#{number}",
            "created_at": "2024-03-01T10:00:00+02:00",
            "subtotal_price": "20.00",
            "customer": {"id": 7, "email": "a@x.de"},
            "shipping_address": {"first_name": "Other"},
            "line_items": [{"sku": "A", "title": "Mug", "quantity": 2, "price": "10.00"}],
        }
        for number in (1, 2)
    ]
    drafted(settings, rooms, tmp_path, "orders_2024-03-01.json", json.dumps({"count": 2, "orders": orders}))
    assert landed(settings, "new", "rows", "order_number, created_at, customer_id")[0] == (
        "#1",
        datetime(2024, 3, 1, 8),
        "7",
    )
    assert "each_element('rows.line_items')" in model(rooms, "order_lines")
    assert "element_total('line_items', ['quantity', 'price'])" in model(rooms, "orders")
    assert "shipping_address_first_name" not in model(rooms, "customers")


def test_a_workbook_with_title_explanations_and_total(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["Order export", None],
        [],
        ["Order ID", "Phone Number", "Creation Date", "Quantity", "Deal Price"],
        ["Unique ID", "Phone", "YYYY-MM-DD", "Pieces", "In SGD"],
        ["A1", 6590000000, "2024-03-01", 1, 12.5],
        ["A2", 6590000001, "2024-03-02", 2, 12],
        ["Total", None, None, None, 36.5],
    ):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    draft = drafted(settings, rooms, tmp_path, "Order.all.20240301_20240331.xlsx", buffer.getvalue())
    assert landed(settings, "new", "rows", "order_id, phone_number, deal_price") == [
        ("A1", "6590000000", Decimal("12.5")),
        ("A2", "6590000001", Decimal("12")),
    ]
    assert said(draft, "phone_number", "numberAsText")


def test_one_unambiguous_column_says_which_of_day_and_month_comes_first(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    draft = drafted(
        settings,
        rooms,
        tmp_path,
        "a.csv",
        "id,birth,joined\n1,12/31/1990,03/01/2024\n2,1/2/1991,03/02/2024\n",
    )
    assert landed(settings, "new", "rows", "joined::varchar") == [("2024-03-01",), ("2024-03-02",)]
    assert not said(draft, "fits both")


def test_clock_and_zone_columns_make_one_utc_time(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "Date,Time,Time Zone,Sale No,Price\n"
        "2024-03-01,08:00 PM,Eastern Time (US & Canada),1,1.00\n2024-03-02,09:00 AM,Eastern Time (US & Canada),2,1.00\n"
    )
    drafted(settings, rooms, tmp_path, "a.csv", text)
    assert landed(settings, "new", "rows", "date")[0] == (datetime(2024, 3, 2, 1),)


def test_a_filled_column_without_a_header_lands_too(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    draft = drafted(settings, rooms, tmp_path, "a.csv", ",name,day\n0,x,2024-03-01\n1,y,2024-03-02\n")
    assert [row[0] for row in landed(settings, "new", "rows", "column_column")] == [0, 1]
    assert said(draft, "header text is blank")


def test_the_wiring_of_a_channel_is_checked(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    drafted(
        settings,
        rooms,
        tmp_path,
        "a_2024-03-02.csv",
        "Order No,Date,Price\n1,2024-03-01,1.50\n2,2024-03-02,2.50\n",
    )
    project = rooms[1] / "dbt_project.yml"
    contract = load_contracts(rooms[0])["new"]
    problems = wiring_problems(rooms[1], contract)
    assert [each.split(" ")[0] for each in problems] == ["stg_new__order_lines", "stg_new__orders"]
    wired = project.read_text()
    for shape in ("orders", "order_lines", "links"):
        wired = wired.replace(f"    {shape}: [", f"    {shape}: [new, ")
    project.write_text(wired)
    assert ["there is no stg_new__links.sql" in each for each in wiring_problems(rooms[1], contract)] == [
        True
    ]
    project.write_text(project.read_text().replace("links: [new, ", "ordres: [new]\n    links: ["))
    assert ["ordres, which is no shared shape" in each for each in wiring_problems(rooms[1], contract)] == [
        False,
        True,
    ]
    project.write_text(project.read_text().replace("ordres: [new]\n    ", ""))
    assert wiring_problems(rooms[1], contract) == []
    contract = with_facts(contract, delivery="snapshot")
    assert ["onefold channel sources new" in each for each in wiring_problems(rooms[1], contract)] == [True]
    write_sources(rooms[1], contract)
    assert wiring_problems(rooms[1], contract) == []


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        (
            "orders-2024-03-15-10-22-33.csv",
            r"(?i)orders\-(?P<period>\d{4}\-\d{2}\-\d{2}\-\d{2}\-\d{2}\-\d{2})\.csv",
        ),
        ("a_202403.csv.gz", r"(?i)a_(?P<period>\d{6})\.csv(\.gz)?"),
        (
            "eBay-Mar-31-2024-08_00_00-13123456789.csv",
            r"(?i)eBay\-[A-Za-z]+\-\d+\-\d+\-\d+_\d+_\d+\-\d+\.csv",
        ),
        ("pos_03312024.txt", r"(?i)pos_\d+\.txt"),
    ],
)
def test_only_sortable_dates_of_a_name_are_its_period(name: str, pattern: str) -> None:
    assert file_pattern(name)[0] == pattern


def test_headers_of_many_languages_have_a_meaning() -> None:
    assert {
        role_of(h)
        for h in ("Bestellnummer", "注文番号", "订单号", "Receipt #", "orderNumber", "numéro de commande")
    } == {"order_id"}
    assert [
        role_of(h)
        for h in ("Card Address Zip", "Payment Method Title", "Order Refund Amount", "Ship To Name")
    ] == [
        "postcode",
        None,
        "refund_amount",
        "recipient_name",
    ]
    assert [status_of(w) for w in ("wc-completed", "(删除)等待出库", "処理済", "On hold", "???")] == [
        "completed",
        "cancelled",
        "completed",
        "pending",
        None,
    ]
    assert (column_name("Währung"), column_name("注文者メールアドレス", "email")) == ("wahrung", "email")
