"""From a column's header and texts to its declaration: name, type, rules, classification and meaning. For drafts only.

A meaning ("role") is a word of the shared shapes, such as `email` or `order_id`; staging drafts are mapped by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import duckdb
from pypinyin import lazy_pinyin

from cdp_assets.landing.sampling import SampleColumn

NULL_TOKENS = {
    "-",
    "--",
    "——",
    "—",
    "N/A",
    "n/a",
    "#N/A",
    "NULL",
    "null",
    "None",
    "NaN",
    "nan",
    "(null)",
    "\\N",
    "無",
    "无",
}
SYMBOLS = "$€£¥￥"
DATE_FORMATS = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%Y年%m月%d日",
    "%b %d, %Y",
    "%d %b %Y",
    "%m/%d/%y",
    "%d/%m/%y",
]
TIME_PARTS = ["%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p", "%I:%M%p"]
TIME_FORMATS = [
    f"{day}{gap}{time}{zone}"
    for day in DATE_FORMATS
    for time in TIME_PARTS
    for gap in (" ", "T", ", ")
    for zone in ("", "%z", " %z")
]
EXACT_YEAR = re.compile(r"^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$")

# role → words of a header (English, Chinese), tried in order: the narrower meaning first
ROLES: dict[str, str] = {
    "email": r"e-?mail|电子邮件|邮箱|メール",
    "recipient_name": r"(ship|recipient|receiver|consignee|delivery).*name|收货人(姓名)?$|收件人(姓名)?$",
    "recipient_phone": r"(ship|recipient|receiver|consignee|delivery).*(phone|mobile|tel)|收货人?.*(电话|手机)|收件人.*(电话|手机)",
    "phone": r"phone|mobile|\btel\b|telephone|cell|手机|电话|電話",
    "given_name": r"first.?name|given.?name|prenom|vorname|^名$",
    "family_name": r"last.?name|family.?name|surname|nachname|^姓$",
    "birth_date": r"birth|\bdob\b|生日|出生",
    "gender": r"gender|\bsex\b|性别",
    "national_id": r"national.?id|passport|\bssn\b|身份证|证件",
    "loyalty_id": r"loyalty|member.?(id|no|number|code)|card.?(no|number|id)|会员(号|卡号|编号)",
    "device_id": r"device.?id|cookie|anonymous.?id|visitor.?id|pseudo.?id|client.?id",
    "refund_id": r"(refund|return).?(id|no|number)|退款(编号|单号)",
    "order_id": r"(order|invoice|transaction|receipt|sale|bill|ticket|basket).?(id|no\b|nr\b|number|num\b|code|name|#)|"
    r"^order$|^invoice$|订单(编号|号)|单号",
    "line_number": r"line.?(no|number|id|#)|行号",
    "campaign_id": r"campaign.?id|ad.?set.?id|ad.?id$",
    "campaign": r"campaign|广告系列|活动名称",
    "impressions": r"impr|展示|曝光",
    "clicks": r"click|点击",
    "spend": r"^cost$|spend|amount.?spent|ad.?cost|花费|消耗",
    "medium": r"medium$|媒介",
    "source": r"^(utm.?|traffic.?)?source$|来源$|来源渠道",
    "source_customer_id": r"(customer|client|buyer"
    r"|user|contact|shopper|account|guest|subscriber).?(id|no\b|nr\b|number|num\b|code|key|ref)|"
    r"^customer$|^uid$|客户(号|编号|id)|买家(id|会员名)|用户(id|编号)",
    "sku": r"\bsku\b|item.?(id|no|number|code)|product.?(id|no|number|code|sku)|"
    r"article.?(no|nr|number|id)|stock.?code|\bean\b|\bgtin\b|barcode|plu|商家编码|商品(编码|编号)|货号",
    "product_name": r"product|item.?(name|title|desc)|^item$|description|article|title|商品(名称|标题)?|宝贝标题",
    "brand": r"brand|品牌",
    "category": r"categor|department|类目|分类|品类",
    "quantity": r"qty|quantity|units?$|pieces|menge|数量|件数",
    "unit_cost": r"unit.?cost|cost.?price|成本",
    "unit_price": r"(unit|item|list|retail).?price|^price$|price.?(each|per)|单价|价格$",
    "discount_amount": r"discount|promo|rebate|voucher|coupon.?(amount|value)|优惠|折扣|抵扣",
    "coupon_code": r"coupon|promo.?code|优惠码|优惠券",
    "shipping_amount": r"shipping|freight|postage|delivery.?(fee|charge|cost)|运费|邮费",
    "tax_amount": r"\btax|\bvat\b|\bgst\b|税",
    "refund_amount": r"refund|退款",
    "line_amount": r"line.?(total|amount|sum)|ext(ended)?.?price|row.?total",
    "gross_amount": r"gross|sub.?total|total|amount|sum|revenue|sales$|net|value$|金额|合计|总计|实付",
    "currency": r"currency|币种|货币",
    "order_status": r"status|state$|状态",
    "store_id": r"store|shop|branch|location|outlet|till|register|门店|店铺|网点",
    "street": r"street|address|addr|地址",
    "city": r"city|town|城市|^市$",
    "region": r"region|province|state|county|省",
    "postcode": r"zip|post.?code|postal|plz|邮编",
    "country": r"country|nation|国家",
    "consent": r"consent|opt.?in|accepts?.?marketing|newsletter|subscribed|同意|订阅",
    "updated_at": r"updat|modif|last.?chang|更新",
    "full_name": r"^(full.?|customer.?|client.?|buyer.?|contact.?|member.?|guest.?)?name$|姓名|昵称|会员名|客户名|买家",
    "ordered_at": r"order.*(date|time|at)|sold|purchase|created|paid|invoice.?date|"
    r"transaction.?(date|time)|^date|date$|^day$|time|^ts$|\bat$|日期|时间|下单",
}
CORE = {
    "email",
    "recipient_name",
    "recipient_phone",
    "phone",
    "given_name",
    "family_name",
    "full_name",
    "street",
    "national_id",
}
SENSITIVE = {
    "birth_date",
    "gender",
    "loyalty_id",
    "device_id",
    "source_customer_id",
    "city",
    "region",
    "postcode",
    "country",
    "consent",
}
TEXT_ROLES = CORE | {
    "order_id",
    "refund_id",
    "source_customer_id",
    "sku",
    "postcode",
    "loyalty_id",
    "device_id",
    "campaign_id",
    "store_id",
    "coupon_code",
}
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$")
_PHONE = re.compile(r"^\+?[0-9][0-9 ()./-]{7,17}$")
_NUMBER = re.compile(r"^[+-]?\d*\.?\d+$")


@dataclass
class GuessedColumn:
    """A drafted column: its ODCS fields, its meaning if one was recognised, and what a person must decide."""

    name: str
    header: str
    logical_type: str
    classification: str
    role: str | None
    facts: dict[str, Any] = field(default_factory=dict)
    required: bool = False
    undecided: list[str] = field(default_factory=list)


def guess_column(column: SampleColumn, taken: set[str], facts: dict[str, Any]) -> GuessedColumn:
    """Declare one column of a sample. `taken` gets its name; `facts` gets export-wide marks (decimal, thousands, nulls)."""
    name = _unique(column_name(column.header), taken)
    role = _role(column)
    values = [value for value in column.filled if value not in NULL_TOKENS]
    nulls = {value for value in column.filled if value in NULL_TOKENS}
    guessed = GuessedColumn(name, column.header, "string", _classification(role), role)
    if column.occurrence > 1:
        guessed.facts["occurrence"] = column.occurrence
    texts = _strip(values, guessed, role)
    if not texts:
        guessed.undecided.append(
            f"{name}: blank in the whole sample, left as text; give its type if you know it"
        )
    elif role not in TEXT_ROLES:
        _set_type(texts, guessed, facts)
    if nulls:
        facts.setdefault("nullTokens", set()).update(nulls)
    guessed.required = (
        bool(values)
        and len(column.filled) == len(column.values)
        and not nulls
        and role in ("order_id", "sku", "spend")
    )
    return guessed


def column_name(header: str) -> str:
    """Our snake_case ASCII name for a header text; Chinese is spelled in pinyin."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", header)
    ascii_text = "_".join(lazy_pinyin(spaced)) if re.search("[\u4e00-\u9fff]", spaced) else spaced
    name = re.sub(
        r"[^0-9a-z]+", "_", ascii_text.lower().replace("%", " percent ").replace("#", " number ")
    ).strip("_")
    name = name or "column"
    name = (name if name[0].isalpha() else f"column_{name}")[:60].rstrip("_")
    return f"{name}_column" if name in _reserved_words() else name


@cache
def _reserved_words() -> set[str]:
    """Words that SQL would not take as a column's name without quotes."""
    with duckdb.connect() as con:
        rows = con.execute(
            "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
        ).fetchall()
    return {str(row[0]) for row in rows}


def _unique(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    taken.add(candidate)
    return candidate


def _role(column: SampleColumn) -> str | None:
    filled = column.filled[:200]
    if filled and sum(bool(_EMAIL.match(value)) for value in filled) > len(filled) * 0.8:
        return "email"
    header = re.sub(r"[_.\-/]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", column.header)).strip()
    for role, pattern in ROLES.items():
        if re.search(pattern, header, re.IGNORECASE):
            return role
    return None


def _classification(role: str | None) -> str:
    return (
        "core"
        if role in CORE
        else "sensitive"
        if role in SENSITIVE
        else "public"
        if role == "currency"
        else "internal"
    )


def _strip(values: list[str], guessed: GuessedColumn, role: str | None) -> list[str]:
    """Find decorations that every or some value wears, declare them, and give the bare texts."""
    rules = [
        ("apostrophe", re.compile(r"^'(?=.)")),
        ("excel_text", re.compile(r'^="(.*)"$')),
        ("percent", re.compile(r"\s*%$")),
    ]
    strips = []
    for name, pattern in rules:
        if any(pattern.search(value) for value in values):
            strips.append(name)
            values = [pattern.sub(r"\1" if name == "excel_text" else "", value) for value in values]
    bare = [re.sub(rf"^\((.*)\)$", r"-\1", value) for value in values]  # noqa: F541
    bare = [re.sub(rf"^([+-]?)\s*[{SYMBOLS}]\s*|\s*[{SYMBOLS}]$", r"\1", value) for value in bare]
    if bare != values and all(re.match(r"^[+-]?[\d.,' ]+$", value) for value in bare):
        strips.append("currency")
        values = bare
    is_id = role in TEXT_ROLES
    if is_id and values and all(re.match(r"^\d+\.0+$", value) for value in values):
        strips.append("decimal_zero")
    if strips:
        guessed.facts["strip"] = strips
    return values


def _set_type(texts: list[str], guessed: GuessedColumn, facts: dict[str, Any]) -> None:
    if _set_boolean(texts, guessed) or _set_time(texts, guessed):
        return
    decimal = _number_style(texts, facts)
    if decimal is None:
        return
    has_leading_zero = any(re.match(r"^0\d", text) for text in texts)
    longest = max(len(re.sub(r"\D", "", text)) for text in texts)
    if has_leading_zero or longest > 17:
        return
    if decimal == 0 and guessed.role not in (
        "unit_price",
        "gross_amount",
        "line_amount",
        "discount_amount",
        "spend",
        "quantity",
    ):
        guessed.logical_type = "integer"
    else:
        guessed.logical_type = "number"
        money = guessed.role in (
            "gross_amount",
            "discount_amount",
            "shipping_amount",
            "tax_amount",
            "spend",
            "refund_amount",
        )
        guessed.facts["scale"] = 2 if money and decimal <= 2 else 6
        if decimal > 6:
            guessed.facts["scale"] = min(decimal, 12)
            guessed.undecided.append(
                f"{guessed.name}: up to {decimal} decimals were seen; choose the scale to keep"
            )


def _set_boolean(texts: list[str], guessed: GuessedColumn) -> bool:
    pairs = [
        ({"true", "yes", "y", "t"}, {"false", "no", "n", "f"}),
        ({"是"}, {"否"}),
        ({"ja", "oui", "si", "sí"}, {"nein", "non", "no"}),
    ]
    seen = {text.lower() for text in texts}
    for yes, no in pairs:
        if seen <= yes | no:
            guessed.logical_type = "boolean"
            if not seen <= {"true", "yes", "y", "t", "1", "false", "no", "n", "f", "0"}:
                guessed.facts |= {"trueValues": sorted(yes), "falseValues": sorted(no)}
            return True
    return False


def _set_time(texts: list[str], guessed: GuessedColumn) -> bool:
    if all(EXACT_YEAR.match(text) for text in texts) and guessed.role not in (
        None,
        "ordered_at",
        "birth_date",
        "updated_at",
    ):
        return False
    if all(re.fullmatch(r"1[0-9]{9}|1[0-9]{12}|1[0-9]{15}", text) for text in texts) and re.search(
        "time|at$|date", guessed.name
    ):
        unit = {10: "epoch_s", 13: "epoch_ms", 16: "epoch_us"}[len(texts[0])]
        guessed.logical_type, guessed.facts["formats"] = "timestamp", [unit]
        return True
    for formats, kind in ((DATE_FORMATS, "date"), (TIME_FORMATS, "timestamp")):
        fitting = [each for each in formats if all(_parses(text, each) for text in texts)]
        mixed = [] if fitting else _mixed(texts, formats)
        if fitting or mixed:
            guessed.logical_type, guessed.facts["formats"] = kind, fitting[:1] or mixed
            if len({each.replace("%d", "?").replace("%m", "?") for each in fitting}) < len(fitting):
                guessed.undecided.append(
                    f"{guessed.name}: {' or '.join(fitting[:2])}? every date of the sample fits both"
                )
            if kind == "timestamp" and not any("%z" in each for each in guessed.facts["formats"]):
                guessed.undecided.append(
                    f"{guessed.name}: times without a zone; set timeZone (it is UTC now)"
                )
            return True
    return False


def _mixed(texts: list[str], formats: list[str]) -> list[str]:
    """Up to three formats that together read every text."""
    left = set(texts)
    chosen: list[str] = []
    for format_ in formats:
        read = {text for text in left if _parses(text, format_)}
        if read and len(chosen) < 3:
            chosen.append(format_)
            left -= read
    return chosen if chosen and not left else []


def _parses(text: str, format_: str) -> bool:
    if format_ == "%Y%m%d" and not EXACT_YEAR.match(text):
        return False
    if ("%z" in format_) != bool(re.search(r"([+-]\d\d:?\d\d|Z)$", text)):
        return False
    try:
        return (
            1900
            <= datetime.strptime(text.replace("Z", "+0000") if "%z" in format_ else text, format_).year
            < 2100
        )
    except ValueError:
        return False


def _number_style(texts: list[str], facts: dict[str, Any]) -> int | None:
    """Digits after the decimal mark if every text is a number; declares the marks that it needs."""
    if all(_NUMBER.match(text) for text in texts):
        return max(len(text.partition(".")[2].rstrip("0")) for text in texts)
    for thousands, point in ((",", "."), (".", ","), (" ", ","), ("'", "."), ("", ",")):
        plain = [
            text.replace(thousands, "").replace(point, ".") if thousands else text.replace(point, ".")
            for text in texts
        ]
        grouped = rf"^[+-]?(\d{{1,3}}({re.escape(thousands)}\d{{3}})+|\d+)({re.escape(point)}\d+)?$"
        if all(re.match(grouped, text) for text in texts) and all(_NUMBER.match(text) for text in plain):
            if facts.get("decimalMark", point) != point:
                return None
            if thousands and any(thousands in text for text in texts):
                facts["thousandsMark"] = thousands
            if any(point in text for text in texts):
                facts["decimalMark"] = point
            return max(len(text.partition(".")[2].rstrip("0")) for text in plain)
    return None
