"""Drafts from payment systems, marketplaces' settlements and tills: what was to be paid, and rows of many kinds of money."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.drafting.meanings import role_of
from cdp_assets.landing import load_contracts
from cdp_assets.settings import Settings
from tests.drafting.drafts import Rooms, drafted, model, said
from tests.landing.builders import landed


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
        "settlement-id\tcurrency\tdeposit-date\ttotal-amount\ttransaction-type\torder-id\tamount-type\t"
        "amount-description\tamount\tposted-date-time\tsku\tquantity-purchased\n"
        "18\tGBP\t2026-03-17T00:00:00+00:00\t22.00\t\t\t\t\t\t\t\t\n"
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
    assert "max(upper(coalesce(currency, 'GBP'))) as currency" in model(rooms, "orders")
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


def test_what_fees_leave_of_an_amount_is_no_order_s_amount(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Sale Date,Order ID,Buyer User ID,Full Name,Buyer,Currency,Order Value,Discount Amount,Shipping,Order Total,"
        "Card Processing Fees,Order Net,Adjusted Net Order Amount\n"
        "09/03/26,9001,jd,Jane Doe,Jane Doe (jd),CAD,68.00,0,8.00,76.00,2.53,73.47,0.00\n"
        "09/12/26,9002,bs,Bob Smith,Bob Smith (bs),CAD,27.00,2.70,6.00,30.30,1.20,29.10,0.00\n"
        "09/25/26,9004,eve77,,eve77,CAD,30.00,0,0.00,30.00,0.70,29.30,0.00\n"
    )
    draft = drafted(settings, rooms, tmp_path, "orders.csv", text)
    assert "order_value as gross_amount" in model(rooms, "orders")
    assert "abs(coalesce(discount_amount, 0)) as discount_amount" in model(rooms, "orders")
    assert "        full_name,\n" in model(
        rooms, "customers"
    )  # not "Jane Doe (jd)", which says the same and more
    assert not said(draft, "gross_amount", "all look like it")


def test_cancelled_sales_with_a_negative_payout_are_no_returned_rows(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "N.º de venda;Data da venda;Estado;Unidades;Receita por produtos (BRL);Tarifa de venda e impostos (BRL);"
        "Cancelamentos e reembolsos (BRL);Total (BRL);SKU;Título do anúncio;Preço unitário de venda do anúncio (BRL);Comprador;CPF\n"
        "2001;2 de março de 2026 14:23 hs.;Entregue;2;119,80;-14,38;0;105,42;C;Caneca;59,90;Maria Souza;123.456.789-09\n"
        "2002;3 de março de 2026 09:10 hs.;Venda cancelada;1;59,90;-7,19;-59,90;-7,19;C;Caneca;59,90;João Lima;987.654.321-00\n"
        "2003;9 de março de 2026 21:44 hs.;A caminho;1;1.249,00;-149,88;0;1.099,12;D;Chaleira;1249,00;Ana Dias;111.222.333-44\n"
    )
    draft = drafted(settings, rooms, tmp_path, "vendas_2026-03-31.csv", text)
    orders = model(rooms, "orders")
    assert "sum(receita_por_produtos_brl) as gross_amount" in orders and "where" not in orders
    assert "when 'Venda cancelada' then 'cancelled'" in orders and "0 as tax_amount" in orders
    assert "abs(sum(cancelamentos_e_reembolsos_brl)) as amount" in model(rooms, "refunds")
    assert said(draft, "naturalKeys", "pseudonym of cpf")


def test_a_flag_says_refunded_and_an_amount_how_much_of_it(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Purchase ID,Item Name,Purchase Email,Buyer Email,Purchase Date,Subtotal ($),Taxes ($),Sale Price ($),Net Total ($),Fees ($),"
        "Refunded?,Partial Refund ($),Fully Refunded?,Product ID,Item Price ($),Quantity\n"
        "g1,Planner,a@x.de,a@x.de,2026-09-02,12.00,0.00,12.00,10.15,1.85,0,0.00,0,p,12.00,1\n"
        "g2,Planner,b@x.de,,2026-09-05,24.00,0.96,24.96,22.15,2.81,0,0.00,0,p,12.00,2\n"
        "g3,Tracker,c@x.de,c@x.de,2026-09-09,8.00,0.00,8.00,6.70,1.30,1,0.00,1,q,8.00,1\n"
        "g4,Tracker,d@x.de,d@x.de,2026-09-19,16.00,0.00,16.00,14.70,1.30,1,4.00,0,q,8.00,2\n"
    )
    drafted(settings, rooms, tmp_path, "sales_2026-09-30.csv", text)
    assert "sum(quantity * item_price) as gross_amount" in model(rooms, "orders")  # not with the tax on top
    refunds = model(rooms, "refunds")
    assert "where (refunded or partial_refund <> 0)" in refunds
    back = "case when abs(sum(partial_refund)) > 0 then abs(sum(partial_refund)) else sum(quantity * item_price) - 0 end"
    assert f"{back} as amount" in refunds
    assert "purchase_email as email" in model(rooms, "customers")  # every buyer has one


def test_the_order_s_number_is_one_that_a_refund_shares_with_its_sale(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,charge_id,customer_email\n"
        "txn_1,2026-03-14 10:02:11,eur,600.00,8.70,591.30,charge,ch_1,ann@x.de\n"
        "txn_2,2026-03-14 15:40:02,eur,400.00,5.80,394.20,charge,ch_2,bo@x.de\n"
        "txn_3,2026-03-15 15:40:02,eur,-100.00,0.00,-100.00,refund,ch_2,bo@x.de\n"
        "txn_4,2026-03-18 00:00:00,eur,-885.50,0.00,-885.50,payout,,\n"
    )
    draft = drafted(settings, rooms, tmp_path, "balance_2026-03-31.csv", text)
    assert "charge_id as order_id" in model(rooms, "orders")
    assert "group by charge_id" in model(rooms, "orders")  # an order may be paid twice
    assert "where reporting_category in ('refund')" in model(rooms, "refunds")
    assert "charge_id as order_id" in model(rooms, "refunds")
    assert said(draft, "charge_id", "a refund shares it with its sale")
    assert load_contracts(rooms[0])["new"].export("rows").primary_key == ["balance_transaction_id"]


def test_a_till_s_customer_is_known_by_whatever_contact_stands_there(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Date,Receipt number,Receipt type,Gross sales,Discounts,Net sales,Customer name,Customer contacts,Status\n"
        "7/28/26 1:33 PM,4-10,Sale,90.00,0.00,90.00,,,Closed\n"
        "7/28/26 12:57 PM,4-11,Sale,200.00,50.00,150.00,Ann Lee,ann@x.com,Closed\n"
        "7/27/26 12:03 PM,4-12,Sale,150.00,0.00,150.00,Bo Kay,+66 81 234 5678,Cancelled\n"
    )
    drafted(settings, rooms, tmp_path, "receipts_2026-07-28.csv", text)
    contract = load_contracts(rooms[0])["new"].export("rows")
    assert contract.column("customer_contacts").classification == "core"
    assert "case when customer_contacts like '%@%' then customer_contacts end as email" in model(
        rooms, "customers"
    )
    assert sum(key is not None for (key,) in landed(settings, "new", "rows", "_key_customer")) == 2


def test_a_list_of_returns_is_of_the_day_of_the_return_and_replaces_none(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "return-date\torder-id\tsku\tproduct-name\tquantity\treason\n"
        "2026-03-05T15:31:40+00:00\t114-1\tL4\tPad\t1\tUNWANTED\n2026-03-06T11:31:40+00:00\t114-2\tL5\tPump\t2\tBROKEN\n"
    )
    draft = drafted(settings, rooms, tmp_path, "returns_2026-03-31.txt", text)
    contract = load_contracts(rooms[0])["new"].export("rows")
    assert contract.column("return_date").required and contract.primary_key == []
    assert not said(draft, "no time was found")


def test_order_cities_have_order_states_and_discounts_one_sign(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "date/time,type,order id,sku,description,quantity,order city,order state,product sales,product sales tax,shipping credits,"
        "promotional rebates,promotional rebates tax,selling fees,total\n"
        "2026-03-02 10:00:00,Order,112-1,A,Mug,1,AUSTIN,TX,14.90,1.04,0,0,0,-2.24,13.70\n"
        "2026-03-03 10:00:00,Order,112-2,A,Mug,2,MIAMI,FL,29.80,2.08,4.99,-4.99,0,-4.48,27.40\n"
        "2026-03-04 10:00:00,Refund,112-1,A,Mug,1,AUSTIN,TX,-14.90,-1.04,0,0,0,2.24,-13.70\n"
        "2026-03-05 10:00:00,Service Fee,,,Advertising,,,,0,0,0,0,0,0,-20.00\n"
    )
    drafted(settings, rooms, tmp_path, "transactions_2026-03-31.csv", text)
    orders = model(rooms, "orders")
    assert "sum(product_sales) as gross_amount" in orders and "'completed' as order_status" in orders
    assert "sum(coalesce(shipping_credits, 0)) as shipping_amount" in orders
    lines = model(rooms, "order_lines")
    assert "-coalesce(promotional_rebates, 0) + -coalesce(promotional_rebates_tax, 0) as discount" in lines


def test_an_indonesian_marketplace_with_thousands_that_look_like_decimals(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "No. Pesanan,Status Pesanan,Waktu Pesanan Dibuat,SKU Induk,Nama Produk,Nomor Referensi SKU,Harga Awal,Harga Setelah Diskon,"
        "Jumlah,Total Harga Produk,Total Diskon,Ongkos Kirim Dibayar oleh Pembeli,Username (Pembeli),Nama Penerima,No. Telepon\n"
        "2603A,Selesai,2026-03-02 14:23,KB,Kaos,KB-M,85.000,80.000,2,160.000,10.000,9.000,rina88,R***a,******12\n"
        "2603A,Selesai,2026-03-02 14:23,TP,Topi,TP-1,45.000,45.000,1,45.000,0,9.000,rina88,R***a,******12\n"
        "2603B,Batal,2026-03-05 09:00,TP,Topi,TP-1,45.000,45.000,1,45.000,0,10.000,budi_s,B***i,******99\n"
    )
    drafted(settings, rooms, tmp_path, "orders_2026-03-31.csv", text)
    orders = model(rooms, "orders")
    assert "sum(jumlah * harga_awal) as gross_amount" in orders and "'IDR' as currency" in orders
    assert "abs(sum(coalesce(total_diskon, 0))) as discount_amount" in orders
    assert "when 'Batal' then 'cancelled'" in orders
    assert "nomor_referensi_sku as sku" in model(rooms, "order_lines")  # not the parent's
    assert landed(settings, "new", "rows", "harga_awal")[0] == (85000,)


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("Addressee", "recipient_name"),
        ("Artikelsumme (nicht rabattiert)", "gross_amount"),
        ("Gutscheinwert", "discount_amount"),
        ("Verpackung und Versand", "shipping_amount"),
        ("Taxes On Fee", None),
        ("tax collection model", None),
        ("Sales Tax", "tax_amount"),
        ("Product Sales", "gross_amount"),
        ("Adjusted Order Total", None),
        ("Amount Refunded", "refund_amount"),
    ],
)
def test_headers_of_payments_and_settlements(header: str, role: str | None) -> None:
    assert role_of(header) == role


def test_a_fee_of_nought_makes_no_payout_of_an_amount(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Converted Amount,Fee,Status,Taxes On Fee,Customer Email\n"
        '1,2026-03-02 09:14:11,"1,200.00",0.00,eur,"1,200.00",17.70,Paid,0.00,a@x.de\n'
        "2,2026-03-03 19:14:11,59.90,10.00,eur,59.90,1.09,Partial Refund,0.00,b@x.de\n"
    )
    drafted(settings, rooms, tmp_path, "payments_2026-03-31.csv", text)
    assert "amount as gross_amount" in model(rooms, "orders")
    assert "0 as tax_amount" in model(rooms, "orders")


def test_a_german_ledger_has_payouts_fees_and_rows_without_an_order(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "Datum der Transaktionserstellung;Typ;Bestellnummer;Nutzername des Käufers;Name des Käufers;Betrag abzügl. Kosten;Angebotstitel;"
        "Bestandseinheit;Stückzahl;Zwischensumme Artikel;Variabler Anteil der Verkaufsprovision;Transaktionsbetrag (inkl. Kosten);Währung\n"
        "29. Dez 2025;Bestellung;08-1;kanye77;Ben Imam;17,81;Lüfter;S1;1;19,9;-2,09;19,9;EUR\n"
        "29. Dez 2025;Andere Gebühr;08-1;kanye77;--;-1,2;--;--;--;--;--;-1,2;EUR\n"
        "30. Dez 2025;Bestellung;08-2;lisa_m;Lisa Maier;101,45;SSD;S2;2;110;-8,55;110;EUR\n"
        "31. Dez 2025;Rückerstattung;08-1;kanye77;Ben Imam;-17,81;Lüfter;S1;1;-19,9;2,09;-19,9;EUR\n"
        "31. Dez 2025;Auszahlung;--;--;--;-99,55;--;--;--;--;--;-99,55;EUR\n"
    )
    draft = drafted(settings, rooms, tmp_path, "bericht_2025-12-31.csv", text)
    orders = model(rooms, "orders")
    assert "where typ in ('Bestellung')\n    and bestellnummer is not null" in orders
    assert "sum(zwischensumme_artikel) as gross_amount" in orders
    assert "where typ in ('Rückerstattung')" in model(rooms, "refunds")
    assert "nutzername_des_kaufers as source_customer_id" in model(rooms, "customers")
    assert not said(draft, "gross_amount", "betrag_abzugl_kosten")  # what fees leave, of refunds too
    # a refund in a later file must not replace the sale
    assert load_contracts(rooms[0])["new"].export("rows").primary_key == []


def test_a_spanish_payment_report(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = (
        "Fecha,Hora,Zona horaria,Nombre,Tipo,Estado,Divisa,Bruto,Comisión,Neto,Correo electrónico del remitente,Id. de transacción,"
        "Importe de envío y manipulación,Importe del seguro,Id. de referencia de la transacción\n"
        '02/03/2026,10:23:05,Europe/Madrid,Ana Ruiz,Pago estándar,Completado,EUR,"59,90","-2,38","57,52",ana@x.es,7A1,"4,90","0,00",\n'
        '15/03/2026,21:03:55,Europe/Madrid,Luis Gil,Pago estándar,Completado,EUR,"1.249,00","-42,82","1.206,18",luis@x.es,7A2,"0,00","0,00",\n'
        '15/03/2026,22:00:00,Europe/Madrid,Ana Ruiz,Reembolso,Completado,EUR,"-59,90","2,03","-57,87",tienda@x.es,7A3,"0,00","0,00",7A1\n'
        '16/03/2026,09:00:00,Europe/Madrid,,Retirada a cuenta bancaria,Completado,EUR,"-1.000,00","0,00","-1.000,00",tienda@x.es,7A4,"0,00","0,00",\n'
    )
    drafted(settings, rooms, tmp_path, "informe_2026-03-31.csv", text)
    orders = model(rooms, "orders")
    assert "where tipo in ('Pago estándar')" in orders and "bruto as gross_amount" in orders
    assert "coalesce(importe_de_envio_y_manipulacion, 0) as shipping_amount" in orders
    assert "id_de_referencia_de_la_transaccion as order_id" in model(rooms, "refunds")
    assert "nombre as full_name" in model(rooms, "customers")
    assert str(landed(settings, "new", "rows", "fecha")[0][0]) == "2026-03-02 09:23:05"


def test_two_pieces_of_one_article_do_not_tell_what_is_the_order_s(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "orderItemId,orderNumber,createTime,sellerSku,itemName,paidPrice,unitPrice,sellerDiscountTotal,shippingFee,status,refundAmount\n"
        "61001,4001,02 Mar 2026 10:11,A,Shirt,95.00,100.00,-5.00,15.00,delivered,\n"
        "61002,4001,02 Mar 2026 10:11,A,Shirt,95.00,100.00,-5.00,0.00,delivered,\n"
        "61003,4002,15 Mar 2026 21:40,B,Lamp,230.00,250.00,-20.00,20.00,returned,230.00\n"
    )
    drafted(settings, rooms, tmp_path, "orders_2026-03-31.csv", text)
    orders = model(rooms, "orders")
    assert "sum(unit_price) as gross_amount" in orders
    assert "abs(sum(coalesce(seller_discount_total, 0))) as discount_amount" in orders
    assert "abs(sum(refund_amount)) as amount" in model(rooms, "refunds")


def test_a_record_of_no_person_is_no_customer(settings: Settings, rooms: Rooms, tmp_path: Path) -> None:
    text = "Record ID,Deal Name,Amount,Close Date\n12345678,a,5.00,2026-03-12\n12345679,b,6.00,2026-03-15\n"
    drafted(settings, rooms, tmp_path, "deals_2026-03-31.csv", text)
    assert not (rooms[1] / "models" / "staging" / "new" / "stg_new__customers.sql").exists()
    assert load_contracts(rooms[0])["new"].export("rows").primary_key == ["record_id"]
