"""Shopify, Square, Youzan, Mailchimp, Google Ads and Taobao's items land from a small file with every quirk in it."""

from __future__ import annotations

import csv
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from cdp_assets.settings import Settings
from tests.landing.builders import deliver, held_reasons, land, landed, quarantined, shipped_contracts
from tests.landing.test_second_wave import header_of, table


def header(settings: Settings, channel: str, export: str) -> list[str]:
    return header_of(shipped_contracts(settings)[channel].export(export))


def test_shopify_orders_repeat_their_values_and_keep_every_digit(settings: Settings) -> None:
    first: dict[str, Any] = {
        "Name": "#1001", "Email": "a@x.de", "Financial Status": "paid", "Currency": "EUR", "Subtotal": "30.00", "Total": "34.90",
        "Discount Amount": "2.00", "Created at": "2017-03-26 01:30:00 +0100", "Lineitem quantity": "2", "Lineitem name": "Tea",
        "Lineitem price": "10.00", "Billing Zip": "'01067", "Phone": "'+4915112345678", "Id": "7210448301122", "Refunded Amount": "0.00",
        "Notes": 'first line\nsecond, "quoted"', "Accepts Marketing": "yes",
    }  # fmt: skip
    later = {"Created at": "2017-03-26 03:30:00 +0200", "Lineitem quantity": "1", "Lineitem price": "10.00"}
    rows = [
        first,
        {"Name": "#1001", **later, "Lineitem name": "Mug"},
        {**first, "Name": "1002", "Id": "7210448301123", "Notes": "", **later},
    ]
    names = header(settings, "shopify", "orders")
    deliver(settings, "shopify/orders_export_2017-03-31.csv", table(names, rows).replace("\n", "\r\n"))
    assert held_reasons(land(settings)) == {}
    columns = "order_name, order_id, email, total, billing_zip, phone, created_at, lineitem_name, _line"
    filled = ("a@x.de", Decimal("34.90"), "01067", "+4915112345678")
    assert landed(settings, "shopify", "orders", columns) == [
        ("#1001", "7210448301122", *filled, datetime(2017, 3, 26, 0, 30), "Tea", 2),
        ("#1001", "7210448301122", *filled, datetime(2017, 3, 26, 1, 30), "Mug", 4),
        ("1002", "7210448301123", *filled, datetime(2017, 3, 26, 1, 30), "Tea", 5),
    ]


def test_shopify_customers_land_under_both_headers(settings: Settings) -> None:
    row = {
        "Customer ID": "'7210448301122", "Email": "a@x.de", "Accepts Email Marketing": "no", "Default Address Zip": "'0134 AB",
        "Phone": "'+31612345678", "Total Spent": "12.50", "Total Orders": "1", "Note": "two\nlines", "Tax Exempt": "no",
        "Accepts SMS Marketing": "yes", "custom.size (product.metafields)": "L",
    }  # fmt: skip
    names = [name for name in header(settings, "shopify", "customers") if name not in ("Province", "Country")]
    text = "\ufeff" + table([*names, "custom.size (product.metafields)"], [row])
    deliver(settings, "shopify/customers_export_2017-03-31.csv", text)
    older = (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Company,Address1,Address2,City,Province,Province Code,"
        "Country,Country Code,Zip,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt\n"
        "9,Bo,Ek,b@x.de,yes,,Way 1,,Ulm,Bavaria,BY,Germany,DE,89073,,no,0.00,0,,,no\n"
    )
    deliver(settings, "shopify/customers_export_2016-03-31.csv", older)
    report = land(settings)
    assert held_reasons(report) == {}
    columns = "customer_id, email, accepts_email_marketing, zip, phone, total_spent"
    assert landed(settings, "shopify", "customers", columns, current=False) == [
        ("9", "b@x.de", True, "89073", None, Decimal("0.00")),
        ("7210448301122", "a@x.de", False, "0134 AB", "+31612345678", Decimal("12.50")),
    ]
    assert [each.extra_columns for each in report.exports if each.extra_columns] == [
        ["extra_custom_size_product_metafields"]
    ]


def test_square_items_join_date_time_and_zone_and_drop_columns_by_year(settings: Settings) -> None:
    optional = {
        column.physical_name
        for column in shipped_contracts(settings)["square"].export("items").properties
        if column.facts.optional
    }
    names = [name for name in header(settings, "square", "items") if name not in optional]
    row = {
        "Date": "2017-05-01", "Time": "14:30:00", "Time Zone": "Eastern Time (US & Canada)", "Item": "Tea", "Qty": "1.0",
        "Gross Sales": "$1,240.00", "Discounts": "-$12.00", "Net Sales": "$1,228.00", "Tax": "$0.00", "Transaction ID": "t1",
        "Payment ID": "p1", "Event Type": "Payment", "Location": "North",
    }  # fmt: skip
    given_back = {
        **row,
        "Date": "5/2/2017",
        "Time": "2:30:00 PM",
        "Qty": "-1.0",
        "Net Sales": "-$8.00",
        "Event Type": "Refund",
    }
    deliver(settings, "square/items-2017-05-01-2017-05-31.csv", table(names, [row, given_back]))
    assert held_reasons(land(settings)) == {}
    assert landed(settings, "square", "items", "sold_at, quantity, gross_sales, discounts, net_sales") == [
        (datetime(2017, 5, 1, 18, 30), Decimal("1"), Decimal("1240"), Decimal("-12"), Decimal("1228")),
        (datetime(2017, 5, 2, 18, 30), Decimal("-1"), Decimal("1240"), Decimal("-12"), Decimal("-8")),
    ]


@pytest.mark.parametrize("sign", ["£", "€", "¥", "CA$"])
def test_money_of_a_till_in_another_country_is_not_taken_for_dollars(settings: Settings, sign: str) -> None:
    row = {
        "Date": "2017-05-01", "Time": "14:30:00", "Time Zone": "Eastern Time (US & Canada)", "Item": "Tea", "Qty": "1.0",
        "Gross Sales": f"{sign}8.00", "Net Sales": f"{sign}8.00", "Transaction ID": "t1", "Payment ID": "p1", "Event Type": "Payment",
    }  # fmt: skip
    names = header(settings, "square", "items")
    deliver(settings, "square/items-2017-05-01-2017-05-31.csv", table(names, [row]))
    land(settings)
    assert [each[1:3] for each in quarantined(settings, "square", "items")] == [
        ("not_a_number", "gross_sales")
    ]


def test_youzan_orders_tell_two_distributors_apart_and_read_dashes_as_nothing(settings: Settings) -> None:
    names = header(settings, "youzan", "orders")
    place = names.index("订单风险标签") + 1 if "订单风险标签" in names else len(names)
    row = {
        "订单号": "E2017", "订单创建时间": "2017-05-01 07:00:00", "商品金额合计": "67.50", "买家手机号": "13800138000", "分销员": "甲",
        "收货人手机号/提货人手机号": "13900139000", "买家昵称": "——", "买家是否会员": "是", "订单已退款金额": "0.00",
    }  # fmt: skip
    head, cells = (
        next(csv.reader(table(names, [row]).splitlines()[:1])),
        [row.get(name, "") for name in names],
    )
    head.insert(place, "分销员")
    cells.insert(place, "乙")
    deliver(settings, "youzan/订单_2017-05-31.csv", "\ufeff" + ",".join(head) + "\n" + ",".join(cells) + "\n")
    assert held_reasons(land(settings)) == {}
    columns = "created_at, buyer_nickname, buyer_is_member, distributor, distributor_second, recipient_phone"
    assert landed(settings, "youzan", "orders", columns) == [
        (datetime(2017, 4, 30, 23), None, True, "甲", "乙", "13900139000")
    ]


def test_youzan_customers_without_an_id_are_known_by_phone_and_both_names_of_a_phone_land(
    settings: Settings,
) -> None:
    person = {
        "客户姓名": " ",
        "客户昵称": "小红",
        "客户手机号": "13800138000",
        "成为客户时间": "2017-05-01 07:00:00",
        "客户生日": "——",
    }
    rows = [
        person,
        {**person, "客户昵称": "小兰"},
        {**person, "客户手机号": "186******05", "客户昵称": "小明"},
        {**person, "客户手机号": ""},
    ]
    text = "".join(f"{line},\n" for line in table(header(settings, "youzan", "customers"), rows).splitlines())
    deliver(settings, "youzan/客户_2017-05-31.csv", text)
    report = land(settings)
    assert held_reasons(report) == {}
    assert not any(each.extra_columns for each in report.exports)
    found = landed(
        settings, "youzan", "customers", "_key_customer, _key_person, full_name, nickname, birthday"
    )
    assert [row[2:] for row in found] == [(None, name, None) for name in ("小红", "小兰", "小明", "小红")]
    keys, persons = [row[0] for row in found], [row[1] for row in found]
    assert keys[0] == keys[1] and len(set(keys)) == 3
    assert persons[0] != persons[1]


def test_mailchimp_files_land_with_merge_fields_tags_and_what_only_the_unsubscribed_have(
    settings: Settings,
) -> None:
    subscribed = (
        '"Email Address","First Name","Last Name",Birthday,"Favourite tea",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,'
        "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
        'a@x.de,Ann,Lee,05/01,Green,2,"2017-05-01 08:00:00",,"2017-05-01 08:00:00",,,,,,,DE,BE,"2017-05-01 08:00:00",1,e1,,'
        '"""vip"",""web shop"""\n'
    )
    unsubscribed = (
        '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,'
        "DSTOFF,TIMEZONE,CC,REGION,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LAST_CHANGED,"
        "LEID,EUID,NOTES,TAGS\n"
        'b@x.de,Bo,Ek,1,,,"2017-04-01 08:00:00",,,,,,,,,"2017-05-02 09:00:00",Spring,c1,NORMAL,,"2017-05-02 09:00:00",2,e2,,\n'
    )
    deliver(settings, "mailchimp/subscribed_members_export_2017-05-31.csv", subscribed)
    deliver(settings, "mailchimp/unsubscribed_members_export_2017-05-31.csv", unsubscribed)
    report = land(settings)
    assert held_reasons(report) == {}
    assert landed(
        settings, "mailchimp", "members", "email_address, tags, unsubscribed_at, _part, confirmed_at"
    ) == [
        ("a@x.de", '"vip","web shop"', None, "subscribed", datetime(2017, 5, 1, 8)),
        ("b@x.de", None, datetime(2017, 5, 2, 9), "unsubscribed", datetime(2017, 4, 1, 8)),
    ]
    assert {name for each in report.exports for name in each.extra_columns} == {
        "extra_birthday",
        "extra_favourite_tea",
    }


def test_google_ads_lands_between_its_title_and_its_totals_in_either_download(settings: Settings) -> None:
    text = (
        'Campaign report\n"May 1, 2017 - May 31, 2017"\n'
        "Day,Campaign,Currency code,Clicks,Impr.,CTR,Avg. CPC,Cost,Conversions,Cost / conv.,Conv. rate,Conv. value\n"
        '2017-05-01,Brand,USD,"1,204","12,000",10.03%,0.50,"1,602.00", --,--,--,--\n'
        'Total: Account,--,USD,"1,204","12,000",10.03%,0.50,"1,602.00",--,--,--,--\n'
    )
    deliver(settings, "google_ads/campaign_2017-05-31.csv", text)
    excel = text.replace("2017-05-01,", "2017-06-01,").replace('"1,204"', "1204").replace('"12,000"', "12000")
    excel = (
        excel.replace('"1,602.00"', "1602.00")
        .replace('"May 1, 2017 - May 31, 2017"', "June")
        .replace(",", "\t")
    )
    deliver(settings, "google_ads/campaign_excel_2017-06-30.csv", excel.encode("utf-16"))
    assert held_reasons(land(settings)) == {}
    columns = "spend_date, campaign, clicks, impressions, ctr_percent, cost, conversions"
    figures = ("Brand", 1204, 12000, Decimal("10.03"), Decimal("1602"), None)
    assert landed(settings, "google_ads", "campaigns", columns) == [
        (date(2017, 5, 1), *figures),
        (date(2017, 6, 1), *figures),
    ]
    assert quarantined(settings, "google_ads", "campaigns") == []


def test_taobao_items_land_from_the_companion_file(settings: Settings) -> None:
    row = {
        "订单编号": "'1234567890123456789",
        "标题": "龍井, 茶",
        "价格": "12.50",
        "购买数量": "2",
        "商家编码": "007",
    }
    text = table(header(settings, "taobao", "items"), [row], quoting=csv.QUOTE_ALL)
    deliver(settings, "taobao/ExportOrderDetailList20170531.csv", text.encode("gb18030"))
    assert held_reasons(land(settings)) == {}
    assert landed(
        settings, "taobao", "items", "order_id, product_title, unit_price, quantity, seller_sku"
    ) == [("1234567890123456789", "龍井, 茶", Decimal("12.50"), 2, "007")]
