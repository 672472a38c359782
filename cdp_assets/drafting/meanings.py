"""What a header text means, in the words of the shared shapes ("roles"), and how a column of that meaning is classified.

English, German, French, Spanish, Italian, Dutch, Chinese and Japanese headers of shops, tills and customer systems stand here;
a further language is one file in `languages/`. For drafts only: a meaning that is not found leaves a column that lands all the
same.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from opencc import OpenCC

from cdp_assets import safe_yaml

_ID = r"(id|no\b|nr\b|number|num\b|code|#|nummer)"
LANGUAGES = Path(__file__).parent / "languages"
_RECIPIENT = r"(ship|recipient|receiver|consignee|delivery|liefer|versand|livraison|env[ií]o)"

# role → words of a header, tried in order: the narrower meaning first
ROLES: dict[str, str] = {
    "time_zone": r"time.?zone|zeitzone|fuseau|时区",
    "tax_rate": r"(\btax|\bvat|\bgst|mw ?st|\bust|steuer).?(rate|satz|%|percent|code|class)|税率|税区分",
    "tracking": r"tracking|sendungsnummer|快递|物流|运单|追跡",
    "salutation": r"anrede|salutation|civilit[eéy]|敬称",
    "house_number": r"hausnummer|haus.?nr|house.?(no|number|nr)\b|huisnummer",
    "net_amount": r"(after|less|net of|minus).?(all.?)?discount|nach.?rabatt|优惠后|折后",
    "returned_quantity": r"(qty|quantit\w*|menge|units?).{0,6}(refund|return|retour)|(refund|return)\w*.?(qty|quantit|units?)|(退货|返品)数",
    "refunded_at": r"(refund|return|retour|erstattung|rembours)\w*.?(date|time|datum|at\b|on\b)|(退款|退货|返品|返金)(完成)?(时间|日期|日)",
    "shipping_discount": r"(shipping|freight|postage|delivery|versand).*(discount|rabatt)|运费优惠",
    "reference_id": r"(reference|original|related|parent).?(txn|transaction|payment|order|receipt|sale|invoice).?(id|no|number)?$|原(订单|交易)号",
    "amount_kind": r"^amount.?(type|description)$",
    "was_refunded": r"^((is|fully|partially) )?refunded ?\?$|^fully refunded$",
    "is_refund": r"^(is.?)?(return(ed)?|refund(ed)?).?(flag|ind(icator)?)$|^is.?(return|refund)(ed)?$",
    "line_kind": r"^(line|row|record|entry|transaction|receipt|document).?(type|kind)$|^type$|^(reporting|transaction|balance).?category$|明[細细](区分|类型)|交易类型",
    "cancelled_at": r"^(order )?(cancel\w*|void(ed)?|storno\w*|stornierungs)[ -]?(at|on|date|time|datum)$|取消时间|キャンセル日",
    "is_cancelled": r"^(is.?)?(void(ed)?|cancel(l?ed)?|deleted|storniert|annul[eé]e?)(.?(flag|ind(icator)?))?$",
    "tip": r"\btips?\b|gratuity|trinkgeld|pourboire",
    "event_kind": r"^(event|interaction|activity|touch|call|visit).?(type|kind|name|id|no|number)$|^(event|activity|action)$|disposition|^direction$",
    "consent": r"^(?!.*(record|call|cookie|terms|privacy|data.?process)).*(consent|(receive|accept|allow)s?.?(marketing|newsletter|e.?mails?|sms)"
    r"|opt(ed)?.?(in|out)|accepts?.?marketing"
    r"|(do|does).?not.?(allow|want|e.?mail|contact|call|sms|send)|black.?list|suppress(ed|ion)?$"
    r"|newsletter|subscri(bed"
    r"|ption)|einwilligung|同意|订阅|メルマガ)",
    "email_verified": r"(verif|confirm|optin|opt in|valid).*e.?mail|e.?mail.*(verif|confirm|valid|status|marketing|format)",
    "recipient_name": _RECIPIENT
    + r"(?!.*(provider|carrier|company|method|option)).*(name|nom\b)|^addressee$|收货人(姓名)?$|收件人(姓名)?$|送付先.*(名|姓)",
    "recipient_phone": _RECIPIENT
    + r".*(phone|mobile|tel)|收货人?.*(电话|手机)|收件人.*(电话|手机)|送付先.*電話",
    "recipient_address": _RECIPIENT
    + r".*(street|address|addr|city|town|zip|post|state|province|region|country|stra|ort\b|plz)|收货.*地址|收件.*地址|送付先.*(住所|郵便|都道府県)",
    "name_kana": r"カナ|ふりがな|フリガナ|[（(](セイ|メイ)[)）]",
    "note": r"\bnotes?\b|remark|comment|anmerkung|notiz|bemerkung|备注|備考|留言",
    "ip_address": r"\bip\b.?(addr\w*)?$|^client.?ip",
    "company": r"company|firma|soci[eé]t[eé]|empresa|会社|公司",
    "contact": r"^(customer|client|buyer|guest).?contacts?( ?(details|info\w*))?$",
    "email": r"e.?mail|correo|电子邮件|邮箱|メール",
    "phone": r"phone|mobile|^(sms|whats.?app)$|\btel\b|tel[eé]fono|telefon|t[eé]l[eé]phone|\bhandy\b|\bcell|手机|电话|電話",
    "loyalty_id": r"(loyalty|member(ship)?|club|rewards?|kundenkarten?|bonus).?"
    + _ID
    + r"|(loyalty|member(ship)?|club|rewards?|bonus|customer|kunden).?(card|karte)$"
    + r"|^(?!.*(credit|debit|pay|bank|masked|last.?(4|four)|\bpan\b)).*card.?(no\b|nr\b|number)|^loyalty$|会员(号|卡号|编号)|会員(番号|id)",
    "device_id": r"device.?id|cookie|anonymous.?id|visitor.?id|pseudo.?id|client.?id",
    "platform_id": r"union.?id|open.?id",
    "refund_id": r"(refund|return|credit.?note).?" + _ID + r"|退款(编号|单号)",
    "line_number": r"(order.?)?line.?(no|number|id|#|item.?id)|order.?item.?id|^(item|position|pos|row).?#$|^(position|pos|row)s?[ .]*(number|nummer"
    r"|no\.?|nr\.?)$|行号|子(订单|単)",
    "order_id": r"(order|invoice|transaction|receipt|sale|bill|ticket|basket|purchase|bestell|auftrags?|rechnungs?|beleg|bon|commande|facture"
    r"|pedido|factura|ordine|ordre).{0,3}"
    + _ID
    + r"|(order|booking|bestell|auftrags?|merchant).?(ref(erence)?\b|name)|^(increment.?id|sales.?order|order|invoice|receipt|bestellung|auftrag|commande|pedido|ordine)$"
    r"|^trans(action)?.?(seq|num)\w*$|^faktura$|num[eé]ro de (commande|facture)|(#|n[uú]mero) de (pedido|factura|venta|orden|compra)"
    r"|订单(编号|号|id)|小票号|レシート番号|取引(id|番号)|単?单号|[注受]文番号|受注番号|注文(id|no)",
    "medium": r"medium$|媒介",
    "source": r"^(lead.?)?source$|\b(utm|traffic|campaign|session).?source$|来源$|来源渠道",
    "campaign_id": r"campaign.?id|ad.?set.?id|ad.?id$",
    "campaign": r"campaign|kampagne|campagne|campaña|广告系列|推广计划|活动名称|キャンペーン",
    "impressions": r"impr|展示|展现|曝光|表示回数",
    "clicks": r"click|klicks|clics|点击|クリック",
    "spend": r"^cost$|spend|^spent$|(total|amount|budget).?spent|ad.?cost|^kosten$|ausgegebene\w* betrag|montant d[eé]pens[eé]|importe gastado"
    r"|importo speso|花费|消耗|^消费$|広告費",
    "birth_date": r"birth|\bdob\b|geburt|naissance|nacimiento|nascita|生日|出生|生年月日|誕生",
    "gender": r"gender|\bsex\b|geschlecht|sexe|性别|性別",
    "national_id": r"national.?id|passport|\bssn\b|身份证|证件",
    "given_name": r"first.?name|name first$|given.?name|pr[eé]nom|vorname|^nombre$|^名$|名前?\s*[（(]名[)）]|(注文者|送付者)名$",
    "family_name": r"last.?name|name last$|family.?name|surname|nachname|nom de famille|apellidos?|cognome|^姓$|名前?\s*[（(]姓[)）]|(注文者|会員|顧客|送付者)姓$",
    "currency": r"^(?!.*(amount|total|value|rate|betrag|\bin\b)).*(currency|w[aä]hrg|w[aä]hrung|devise|moneda|valuta|币种|货币|通貨)",
    "unit_cost": r"unit.?cost|cost.?price|einkaufspreis|成本|原価",
    "unit_price": r"(unit|item|list|retail|deal|selling|sale|ticket|einzel|stück|verkaufs).?(original.?|list.?)?(price|preis|cost)|^(price|preis|prix|precio"
    r"|prezzo)$|price.?(each|per)|prix unitaire"
    r"|precio unitario|prezzo unitario|sold for|单价|价格$|京东价|単価|^価格$|販売価格",
    "discount_amount": r"^(?!.*\b(code|codice|c[oó]digo|name|type|reason|percent\w*|rate|%)).*(discount|promo|rebate|rabatt(?!kod)|remise|descuento|sconto)"
    r"|(voucher|coupon).?(amount|value)"
    r"|优惠(?!码|券)|折扣|抵扣|立减|割引|値引|クーポン利用",
    "coupon_code": r"coupon|(promo|discount|rabatt).?code|voucher|gutschein.?code|优惠码|优惠券|クーポン",
    "shipping_amount": r"(shipping|freight|postage|delivery)\b.*(fee|charge|cost|amount|price|total|rate|paid|credits?)|(shipping|freight|postage|delivery)$"
    r"|shipping (and|&) handling|versand.?kosten|frais de (port|livraison)"
    r"|gastos de env[ií]o|运费|邮费|送料",
    "tax_amount": r"^(?!.*tax(es)? (on|collection|city|state|zip|country)\b).*(\btax|\bvat\b|\bgst\b|mw ?st|steuer|\btva\b|\biva\b|税)",
    "refund_amount": r"refund.*(amount|total|sum|value)|partial.?refund|(amount|total|sum).?refund|^refund(s|ed)?$|\bdebit\b|erstattung|rembours|reembolso|退款|返金",
    "source_customer_id": r"(customer|cust|client|buyer|user|contact|shopper|account|guest|subscriber|requester|profile|person|patron|party|kunden?).{0,2}"
    + _ID
    + r"|(customer|cust|client|buyer|user|contact|kunden?).{0,2}(key|ref|uuid|username)|buyer username|^(customer|buyer|client|uid|auftraggeber|debitor)$|^record.?id$"
    r"|客户(号|编号|id)|买家(id|会员名)|用户(id|编号)|下单[帐账]号|顧客(番号|id|コード)|会員コード",
    "sku": r"\bsku\b(?!.*(price|qty|quantity|total|name|amount|weight|cost))|item.?(id|no\b|number|code)|product.?(id|no\b|number|code|sku)"
    r"|article.?(no\b|nr|number|id)|stock.?code|\bean\b|\bgtin\b"
    r"|\basin\b|barcode|\bplu\b|custom label"
    r"|artikel.?(nr|nummer|id)|^material(.?(no|nr|nummer|number))?$|r[eé]f[eé]rence (produit|article)|商家编码|商品(编码|编号|id)|货号|商品(番号|コード|管理番号)|品番",
    "line_amount": r"(line|sku).?(sub)?(total|amount|sum)|ext(ended)?.?(price|amount)|row.?total|(product|item).?(sub)?total|positions?(summe|wert|preis)"
    r"|gesamtpreis|total ligne|小计|小計|商品总[价额]|货款",
    "brand": r"brand|\bmarke\b|marque|marca|品牌|ブランド",
    "category": r"categor|kategorie|cat[eé]gorie|warengruppe|product.?group|department|类目|分类|品类|カテゴリ",
    "product_name": r"product(?!os|.?(type|kind|group|status|page|image|weight|visible|url|link|sales|charges|revenue))|item.?(name|title|desc)|^item$|^description$"
    r"|article|^title$|(?<!summe )artikel(?!.?(summe|wert|betrag))|bezeichnung|^t[ií]tulo|produit|producto\b|prodotto|商品(名称|标题|名)?$|宝贝标题|品名",
    "quantity": r"\bqty\b|quantit|units?$|^pieces$|menge|anzahl|cantidad|^unidades$|数量|件数|个数|個数",
    "gross_amount": r"^(?!adjusted).*(gross|paid.?(price|amount|total)|sub.?total|total|amount|\bsum\b|revenue(?!.?cent)|sales$|^net\b|value$"
    r"|betrag|(netto|brutto|waren|warenkorb)wert|summe|umsatz|montant"
    r"|importe|ingresos?\b|金额|合计|总计|实付|合計|金額|総額)",
    "order_status": r"status|^result$|^[eé]tat$|^((order|payment|fulfil?ment|process|transaction|state machine).?)?state$|statut|estado|stato|状态|ステータス|状況",
    "store_id": r"store(?!.?credit)|shop\b|branch|location|\bloc.?id$|outlet|\bvenue|\btill\b|register|filiale|magasin|tienda|门店|店铺|网点|店舗",
    "postcode": r"\bzip|post.?code|postal|\bplz\b|postleitzahl|\bcap\b|邮编|郵便番号",
    "city": r"\bcity\b|\btown\b|\bort\b|\bstadt\b|ville|ciudad|citt[aà]|城市|^市$|市区|郡市",
    "country": r"country|\bnation\b|\bland\b(?!.?cost)|\bpays\b|pa[ií]s|paese|国家|^国$",
    "region": r"region|province|\bstate\b|county|bundesland|省|都道府県",
    "street": r"street|address(?!ee|.?(id|type|status)\b)|addr\b|stra[sß]|adresse|direcci[oó]n|domicilio|indirizzo|\brue\b|地址|住所",
    "updated_at": r"updat|last.?(chang|edit|modif)|\bmodifi\w*(.?(at|on|date|time))?$|ge[aä]ndert|更新",
    "full_name": r"^((bill(ing)?|customer|client|buyer|contact|member|guest|account|requester|purchaser|kunden).?(to.?)?)?(full.?)?name$|^requester$"
    r"|(customer|cust|buyer|client|kunden).?name|^(comprador|cliente|name 1)$|nom complet|nom du client"
    r"|姓名|昵称|会员名|客户名|买家|氏名|お名前|(顧客|会員)名$",
    "ordered_at": r"order.*(date|time|at\b)|^opened\b|^by.?day$|\bsold\b|purchase(d|.?(date|time|at|on))\b|created|paid.?(at\b|on\b|date)"
    r"|invoice.?date|create|transaction.?(date|time)|^date"
    r"|date\b|^(day|tag|jour|d[ií]a|giorno|天)$|time|^ts$|\bat$|datum|uhrzeit|fecha|\bdata\b|日期|时间|下单|日時|注文日",
}
CORE = {
    "email", "recipient_name", "recipient_phone", "recipient_address", "phone", "given_name", "family_name", "full_name", "street",
    "national_id", "name_kana", "contact", "named_handle", "house_number",
}  # fmt: skip
SENSITIVE = {
    "birth_date", "gender", "loyalty_id", "loyalty_tier", "device_id", "platform_id", "source_customer_id", "city", "region", "postcode", "country",
    "consent", "email_verified", "note", "ip_address",
}  # fmt: skip
TEXT_ROLES = CORE | {
    "order_id", "refund_id", "source_customer_id", "sku", "postcode", "loyalty_id", "device_id", "platform_id", "campaign_id",
    "store_id", "coupon_code", "order_status", "reference_id",
}  # fmt: skip

_UNIT = re.compile(
    r"\s*[（(](元|件|个|円|点|个数|yuan|eur|usd|gbp|€|\$|£|(?-i:(?!SKU|EAN|UPC)[A-Z]{3}))[)）]\s*$",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\s*\b(before|excl\w*\.?|without|vor|nicht|not)\W*(discount(s|ed)?|rabatt(iert)?)\b", re.IGNORECASE
)
_TAX_NOTE = re.compile(
    r"\s*\(?\b(incl?|excl?|ex|including|excluding|inkl|exkl|with|without|ohne)\.? *(of )?(tax(es)?|vat|gst|mw ?st|ust)\b\)?",
    re.IGNORECASE,
)

# words of an order's status, beginning so (lower case) → the words that every channel shares
STATUSES: dict[str, str] = {
    "refunded": r"refund|return|reversed|erstattet|retourniert|zur[uü]ckge|rembours|reembols|(.*[，,])?退款|返金|返品",
    "completed": r"[ck]omplet|fulfil|deliver(ed)?$|received$|done$|attend|checked.?in|closed|erledigt|abgeschlossen|zugestellt|termin|livr"
    r"|entregado|交易成功|已完成|完成|已收货|処理済|配送済",
    "cancelled": r"cancel|void|declined|denied|rejected|fail|not attending|expired|storn|annul|abgebrochen|交易关闭|已取消|已关闭|取消|[（(]删除|(注文|受注)?キャンセル",
    "shipped": r"ship|in.?transit|sent|dispatch|versendet|versandt|exp[eé]di|enviado|已发货|卖家已发货|出荷済|発送済",
    "pending": r"pending|on.?hold|defer|test\b|trash|await\w*.?pay|unpaid|incomplete|requires|abandon|draft|wartend|unbezahlt|ausstehend"
    r"|en attente|pendiente|等待买家付款|待付款|新規受付|入金待ち",
    "paid": r"paid|settled|captured|authori[sz]ed|succe|processing|await|open$|offen$|in bearbeitung|bezahlt|pay[eé]|paiement accept|pagado"
    r"|已付款|买家已付款|等待出库|待发货|未发货|発送待ち|入金済|支払(手続き)?済|to ship",
}  # fmt: skip

# words of an event, beginning anywhere (lower case) → the type of touch; what a system did to a person is no touch
NO_TOUCH = "none"
TOUCHES: dict[str, str] = {
    NO_TOUCH: r"sent\b|send|deliver|bounce|unsub|spam|complain|fail|drop(ped)?\b|block|defer|suppress",
    "open": r"\bopen",
    "click": r"click",
    "impression": r"impression",
    "scan": r"\bscan",
    "store_visit": r"check.?in\b|store",
    "visit": r"visit|view|page|session",
}


def apart(header: str, mark: str = " ") -> str:
    """A header with the words that it runs together (camelCase) apart."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", mark, header)


@cache
def _languages() -> list[dict[str, Any]]:
    """The words of the languages that have a file: `headers` (role → words), `statuses` (shared word → words), `months`, `letters`, `currency`."""
    return [safe_yaml.read(path) for path in sorted(LANGUAGES.glob("*.yaml"))]


@cache
def _patterns(of: str) -> dict[str, re.Pattern[str]]:
    """All languages' words of `headers` or `statuses`, in their order."""
    known = {"headers": ROLES, "statuses": STATUSES}[of]
    more = [each for each in _languages() if of in each]
    return {
        name: re.compile(
            "|".join([words, *(each[of][name] for each in more if name in each[of])]), re.IGNORECASE
        )
        for name, words in known.items()
    }


def currency_of_language(headers: list[str]) -> str | None:
    """The currency of the one country that writes most of the headers so; None for languages of several, or none."""
    texts = [re.sub(r"[_.\-/\s]+", " ", header).strip() for header in headers if header]
    for each in _languages():
        words = re.compile("|".join(each.get("headers", {}).values()) or "(?!)", re.IGNORECASE)
        if "currency" in each and sum(bool(words.search(text)) for text in texts) * 2 > len(texts):
            return str(each["currency"])
    return None


@cache
def _simplified() -> OpenCC:
    return OpenCC("t2s")


def role_of(header: str) -> str | None:
    """The meaning of a header text; None where it is not known. Traditional Chinese is read as simplified."""
    text = re.sub(r"[_.\-/\s]+", " ", apart(header)).strip()
    text = re.sub(
        r"^id (?!d[aeou]s?\b|del\b|der\b)(\w.*)$", r"\1 id", text, flags=re.IGNORECASE
    )  # `id_customer`, as some write it
    for note in (_UNIT, _BEFORE, _TAX_NOTE):  # what an amount includes, or is counted in, is not what it is
        text = note.sub("", text) or text
    return _first_match("headers", text) or _first_match("headers", _simplified().convert(text))


def _first_match(of: str, text: str) -> str | None:
    return next((name for name, pattern in _patterns(of).items() if pattern.search(text)), None)


def classification_of(role: str | None) -> str:
    """How personal a column of this meaning is."""
    if role in CORE:
        return "core"
    if role in SENSITIVE:
        return "sensitive"
    return "public" if role == "currency" else "internal"


def months_of(texts: list[str]) -> list[str]:
    """The beginnings of months' names in the language whose names all texts hold; empty where there is none."""
    for names in (each["months"] for each in _languages() if "months" in each):
        pattern = re.compile(rf"(?<![^\W\d_])({'|'.join(names)})[^\W\d_]*", re.IGNORECASE)
        if texts and all(pattern.search(text) for text in texts):
            return list(names)
    return []


def known_letters(text: str) -> int:
    """How many letters beyond ASCII belong to that language which has the most of them."""
    found = Counter(re.findall(r"[^\x00-\x7f]", text.lower()))
    alphabets = (each["letters"] for each in _languages() if "letters" in each)
    return max((sum(found[letter] for letter in letters) for letters in alphabets), default=0)


def status_of(text: str) -> str | None:
    """The shared word for a channel's word of an order's status; None where it is not known."""
    word = re.sub(r"^(wc-|order_?)", "", text.strip().replace("İ", "i").lower())
    if re.match(r"partial|teilweise|部分|一部", word):
        return "paid"  # some of it was sent, or given back: a sale still
    return next((status for status, pattern in _patterns("statuses").items() if pattern.match(word)), None)


def touch_of(text: str) -> str | None:
    """The type of touch that a channel's word of an event means (NO_TOUCH: none); None where it is not known."""
    return next((kind for kind, words in TOUCHES.items() if re.search(words, text.lower())), None)


def consent_of(text: str) -> str | None:
    """What a word says of a consent: granted, denied or withdrawn; None where it is not known."""
    word = text.strip().lower().replace("_", " ")
    if re.match(r"(unsubscri|opted.?out|withdrawn|cleaned|bounce)", word):
        return "withdrawn"
    if re.match(r"(subscribed|opted.?in|granted|allow|yes|true|confirmed|active$|1$)", word):
        return "granted"
    return (
        "denied"
        if re.match(r"(never|non.?subscri|not|do.?not|no$|false|denied|none|pending|unconfirmed|0$)", word)
        else None
    )
