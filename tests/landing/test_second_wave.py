"""Each channel of the second wave lands from a small file with every quirk in it."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from cdp_assets.landing import Export
from cdp_assets.settings import Settings
from tests.landing.builders import deliver, held_reasons, land, landed, quarantined, shipped_contracts


def header_of(export: Export) -> list[str]:
    """The contract's header texts, each once, in order."""
    names: list[str] = []
    for column in export.properties:
        for name in column.facts.source_columns or [column.physical_name]:
            if name not in names:
                names.append(name)
    return names


def table(header: list[str], rows: list[dict[str, Any]], **options: Any) -> str:
    """A delimited file; cells that a row does not name are blank."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", **options)
    writer.writerow(header)
    writer.writerows([[row.get(name, "") for name in header] for row in rows])
    return text.getvalue()


def test_taobao_orders_land_from_gbk_and_from_the_newer_workbook(settings: Settings) -> None:
    export = shipped_contracts(settings)["taobao"].export("orders")
    row = {
        "订单编号": '="1234567890123456789"',
        "买家会员名": "小明",
        "买家应付货款": "99.00",
        "总金额": "99.00",
        "订单状态": "交易成功",
        "收货地址": "浙江省 杭州市 西湖区 文三路1号",
        "联系手机": "'13912345678",
        "订单创建时间": "2017-05-01 08:00:00",
        "宝贝标题": "龍井, 茶",
    }
    text = table(header_of(export)[:38], [row], quoting=csv.QUOTE_ALL)
    deliver(settings, "taobao/orders_2017-05-31.csv", text.encode("gb18030"))
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(
        ["订单编号", "支付单号", "买家应付货款", "总金额", "订单状态", "收货地址", "订单创建时间", "商品标题"]
    )
    address = "李雷，86-13812345678，浙江省 杭州市 西湖区 文三路1号 ，"
    sheet.append(
        ["2234567890123456789", "P1", 12.5, 12.5, "交易成功", address, datetime(2017, 6, 1, 12, 30), "茶"]
    )
    sheet.append([2.234567890123457e18, "P2", 1, 1, "x", address, datetime(2017, 6, 1), "茶"])
    sheet.append(["3", "P3", "=1+1", 1, "x", address, datetime(2017, 6, 1), "茶"])
    buffer = io.BytesIO()
    book.save(buffer)
    deliver(settings, "taobao/orders_2017-06-30.xlsx", buffer.getvalue())
    assert held_reasons(land(settings)) == {}
    assert landed(
        settings, "taobao", "orders", "order_id, total_amount, contact_mobile, created_at, product_title"
    ) == [
        ("1234567890123456789", Decimal("99.00"), "13912345678", datetime(2017, 5, 1), "龍井, 茶"),
        ("2234567890123456789", Decimal("12.50"), None, datetime(2017, 6, 1, 4, 30), "茶"),
    ]
    assert [row[:3] for row in quarantined(settings, "taobao", "orders")] == [
        (3, "number_where_text_expected", "order_id"),
        (4, "formula_without_value", "goods_amount"),
    ]


def test_amazon_orders_land_with_bare_quotes_and_blank_money(settings: Settings) -> None:
    export = shipped_contracts(settings)["amazon"].export("orders")
    rows = [
        {
            "amazon-order-id": "026-1", "purchase-date": "2017-05-01T08:00:00+00:00", "quantity": "1",
            "last-updated-date": "2017-05-02T08:00:00+00:00", "product-name": 'Frame 10" x 8"', "item-price": "9.99",
        },
        {
            "amazon-order-id": "026-1", "purchase-date": "2017-05-01T08:00:00+00:00", "quantity": "2",
            "last-updated-date": "2017-05-02T08:00:00+00:00", "product-name": '"Quoted', "item-price": "",
        },
    ]  # fmt: skip
    header = header_of(export)
    lines = ["\t".join(header)] + ["\t".join(str(row.get(name, "")) for name in header) for row in rows]
    deliver(settings, "amazon/all-orders_2017-05-02.txt", "\n".join(lines) + "\n")
    japanese = "\n".join([lines[0], lines[1].replace("026-1", "250-1").replace("Frame", "額縁")])
    deliver(settings, "amazon/orders_jp_2017-05-02.txt", japanese.encode("shift_jis"))
    assert held_reasons(land(settings)) == {}
    found = landed(
        settings, "amazon", "orders", "order_id, product_name, item_price, quantity, last_updated_at"
    )
    assert found == [
        ("026-1", 'Frame 10" x 8"', Decimal("9.99"), 1, datetime(2017, 5, 2, 8)),
        ("026-1", '"Quoted', None, 2, datetime(2017, 5, 2, 8)),
        ("250-1", '額縁 10" x 8"', Decimal("9.99"), 1, datetime(2017, 5, 2, 8)),
    ]


def test_segment_calls_land_once_however_often_they_were_sent(settings: Settings) -> None:
    call = {
        "messageId": "m1",
        "type": "track",
        "timestamp": "2015-12-10T04:08:31.905Z",
        "receivedAt": "2015-12-10T04:08:31.909Z",
        "anonymousId": "a1",
        "event": "Order Completed",
        "context": {
            "campaign": {"name": "TPS", "source": "Newsletter", "medium": "email"},
            "page": {"url": "https://x.com/"},
        },
        "properties": {"order_id": "50314", "revenue": 25.5, "currency": "USD"},
    }
    identify = {
        "messageId": "m2", "type": "identify", "timestamp": "2015-12-10T04:08:31Z", "userId": "97980",
        "traits": {"name": "Peter Gibbons", "email": "peter@example.com", "address": {"city": "San Francisco"}},
    }  # fmt: skip
    lines = [json.dumps(each) for each in (call, call, identify, {"type": "identify", "userId": "1"})]
    deliver(settings, "segment/calls_2015-12-10.ndjson", "\n".join(lines) + "\n")
    report = land(settings)
    assert held_reasons(report) == {}
    assert landed(
        settings,
        "segment",
        "calls",
        "message_id, called_at, campaign_source, revenue, trait_email, trait_city",
    ) == [
        ("m1", datetime(2015, 12, 10, 4, 8, 31, 905000), "Newsletter", Decimal("25.5"), None, None),
        ("m2", datetime(2015, 12, 10, 4, 8, 31), None, None, "peter@example.com", "San Francisco"),
    ]
    assert [row[:3] for row in quarantined(settings, "segment", "calls")] == [
        (4, "required_value_missing", "message_id")
    ]
    assert sum(each.duplicate_rows for each in report.exports) == 1


def test_meta_ads_take_the_currency_from_the_header(settings: Settings) -> None:
    text = (
        "Reporting starts,Reporting ends,Day,Campaign name,Ad set name,Amount spent (EUR),Impressions,Reach\n"
        '2017-05-01,2017-05-31,2017-05-02,Spring,All,"1,240.50","12,000",-\n'
    )
    deliver(settings, "meta_ads/report_2017-05-31.csv", text)
    assert held_reasons(land(settings)) == {}
    assert landed(
        settings, "meta_ads", "ads", "spend_date, campaign, spend, currency_code, impressions, _period"
    ) == [(date(2017, 5, 2), "Spring", Decimal("1240.50"), "EUR", 12000, "20170531")]


@pytest.mark.parametrize(
    "headers",
    [
        "Berichtsstart,Berichtsende,Tag,Kampagnenname,Ausgegebener Betrag (EUR),Impressionen,Link-Klicks",
        "Début des rapports,Fin des rapports,Jour,Nom de la campagne,Montant dépensé (EUR),Impressions,Clics sur le lien",
        "Inicio del informe,Fin del informe,Día,Nombre de la campaña,Importe gastado (EUR),Impresiones,Clics en el enlace",
        "报告开始日期,报告结束日期,单日,广告系列名称,已花费金额 (EUR),展示次数,链接点击量",
    ],
)
def test_meta_ads_come_in_the_language_of_the_account(settings: Settings, headers: str) -> None:
    deliver(
        settings,
        "meta_ads/report_2017-05-31.csv",
        f"{headers}\n2017-05-01,2017-05-31,2017-05-02,Spring,40.50,12000,7\n",
    )
    assert held_reasons(land(settings)) == {}
    assert landed(
        settings, "meta_ads", "ads", "spend_date, campaign, spend, currency_code, impressions, clicks"
    ) == [(date(2017, 5, 2), "Spring", Decimal("40.50"), "EUR", 12000, 7)]


def test_meta_ads_with_decimal_commas_have_a_folder_of_their_own(settings: Settings) -> None:
    header = "Tag,Kampagnenname,Ausgegebener Betrag (EUR),Impressionen,Berichtsende"
    deliver(
        settings,
        "meta_ads/decimal_comma/Kampagnen_2017-05-31.csv",
        f'{header}\n02.05.2017,Frühling,"1.240,50",12.000,2017-05-31\n',
    )
    deliver(
        settings, "meta_ads/report_2017-05-31.csv", f'{header}\n2017-05-03,Frühling,"1,240.50","12,000",\n'
    )
    assert held_reasons(land(settings)) == {}
    assert landed(settings, "meta_ads", "ads", "spend_date, spend, impressions, _period") == [
        (date(2017, 5, 2), Decimal("1240.50"), 12000, "20170531"),
        (date(2017, 5, 3), Decimal("1240.50"), 12000, "20170531"),
    ]


def test_square_transactions_read_card_and_cash_as_amounts(settings: Settings) -> None:
    export = shipped_contracts(settings)["square"].export("transactions")
    row = {
        "Date": "5/1/2017", "Time": "2:30:00 PM", "Time Zone": "Pacific Time (US & Canada)", "Card": "$8.00", "Cash": "-$1,240.00",
        "Fees": "-$0.22", "Net Total": "($3.00)", "Fee Percentage Rate": "2.6%", "Transaction ID": "t1", "Event Type": "Payment",
        "Deposit Date": "5/3/2017",
    }  # fmt: skip
    deliver(settings, "square/transactions-2017-05-01-2017-05-31.csv", table(header_of(export), [row]))
    assert held_reasons(land(settings)) == {}
    columns = "sold_at, card, cash, fees, net_total, fee_percentage_rate, deposit_date, _period"
    assert landed(settings, "square", "transactions", columns) == [
        (
            datetime(2017, 5, 1, 21, 30), Decimal("8.00"), Decimal("-1240.00"), Decimal("-0.22"), Decimal("-3.00"), Decimal("2.6"),
            date(2017, 5, 3), "20170501",
        )
    ]  # fmt: skip


REAL_HEADERS = {
    "shopify_orders_export": ("shopify", "orders", ","),
    "shopify_customers_export": ("shopify", "customers", ","),
    "square_items": ("square", "items", ","),
    "square_transactions": ("square", "transactions", ","),
    "amazon_all_orders_by_last_update": ("amazon", "orders", "\t"),
    "taobao_tmall_order_list": ("taobao", "orders", ","),
    "youzan_orders": ("youzan", "orders", ","),
    "youzan_customers": ("youzan", "customers", ","),
    "mailchimp_members": ("mailchimp", "members", ","),
    "google_ads_campaign": ("google_ads", "campaigns", ","),
}


@pytest.mark.parametrize("name", REAL_HEADERS)
def test_the_real_header_of_each_channel_fits_its_contract(
    settings: Settings, shared_dir: Any, name: str
) -> None:
    from cdp_assets.landing.readers.header import map_header

    channel, export_name, delimiter = REAL_HEADERS[name]
    export = shipped_contracts(settings)[channel].export(export_name)
    known = json.loads((shared_dir / "formats" / "channel_headers.json").read_text())
    header = next(csv.reader([known[name]["header"]], delimiter=delimiter))
    columns = map_header(export, export.facts, header, 1)
    assert columns.extras == {}
    assert columns.width == len(header)


def test_an_export_of_wechat_ids_from_before_it_told_of_consent_still_lands(settings: Settings) -> None:
    from cdp_assets.landing.readers.header import map_header

    export = shipped_contracts(settings)["youzan"].export("wechat_ids")
    header = ["客户手机号", "标识类型", "应用或导购", "标识", "添加时间", "是否已取关"]
    columns = map_header(export, export.facts, header, 1)
    assert "is_marketing_granted" not in columns.positions


def test_the_real_ga4_event_fits_its_contract(settings: Settings, shared_dir: Any) -> None:
    deliver(
        settings,
        "ga4/events_20210406.ndjson",
        (shared_dir / "formats" / "dbt_ga4_source_events.ndjson").read_bytes() + b"\n",
    )
    report = land(settings)
    assert held_reasons(report) == {}
    found = landed(
        settings,
        "ga4",
        "events",
        "event_name, event_at, user_pseudo_id, ga_session_id, country, first_source",
    )
    assert found[0] == (
        "first_visit", datetime(2021, 4, 6, 6, 49, 50, 431476), "1166526666.1617691776", "1617691775", "Vietnam", "(direct)",
    )  # fmt: skip
