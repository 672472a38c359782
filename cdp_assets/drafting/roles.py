"""One role per column, with its reason: what its header says, corrected by its values, by the table around it and by who it is about.

Each rule sees what the rules before it found and votes for further columns; a later rule knows more, so that its vote counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from cdp_assets.drafting.profile import Column, Profile
from cdp_assets.drafting.words import RANKS, Words, class_of, is_a, plain

CONTACTS = ("email", "phone", "full_name", "given_name", "family_name")
IDENTITIES = ("source_customer_id", "device_id", "email", "phone")
PLAIN_IDS = ("id", "uuid", "_id")
OF_SALES = (
    "quantity",
    "unit_price",
    "line_amount",
    "tender",
    "shipping_amount",
    "tax_amount",
    "order_status",
)
MAX_KINDS = 20  # different words of a column that tells rows apart
MANY = 3  # rows or orders from which on the same contact on all of them is nobody's own
_HOLDS = {"email": r"@", "phone": r"(\d\D*){5}", "recipient_phone": r"(\d\D*){3}|[*]{2}"}
_PART = re.compile(r"^(.*?\D)[ _]?([1-4１-４])$")
_OF_LOOKS = {
    **dict.fromkeys(("email", "phone", "contact", "name", "address", "handle", "iban"), "core"),
    "masked": "sensitive",
}


@dataclass(frozen=True)
class Role:
    """What a column means, why (by the rule that said so), and what must be asked of it."""

    column: Column
    name: str | None
    reason: str
    question: str = ""
    classification: str | None = None  # where the rule says it; else by header, role and looks
    source_headers: tuple[str, ...] = ()  # columns that are one text together


@dataclass(frozen=True)
class Roles:
    """The columns of a sample with their roles; columns that say nothing and deeper JSON paths come last."""

    columns: tuple[Column, ...]
    by_position: Mapping[int, Role]

    def role(self, column: Column) -> str | None:
        return self.by_position[column.position].name

    def all(self, *roles: str) -> list[Column]:
        found = [column for column in self.columns if self.role(column) in roles]
        return sorted(found, key=lambda c: (c.is_blank, c.header.count("."), roles.index(self.role(c) or "")))

    def first(self, *roles: str) -> Column | None:
        """The first filled column of these roles, in the order of the roles."""
        ranked = (column for role in roles for column in self.all(role) if not column.is_blank)
        return next(ranked, None)

    def has(self, *roles: str) -> bool:
        return self.first(*roles) is not None

    def class_of(self, column: Column) -> str:
        """How personal a column is: by its role, its header and its values, the most personal of them."""
        role = self.by_position[column.position]
        if role.classification:
            return role.classification
        is_thing = class_of(role.name) != "core" and role.name not in (None, "note", "source_customer_id")
        is_by_chance = is_thing and column.looks in ("name", "address", "masked", "iban")
        looks = "internal" if is_by_chance else _OF_LOOKS.get(column.looks, "internal")
        found = [class_of(role.name), looks, class_of(column.says) if role.name is None else "public"]
        found += ["public"] if role.name == "currency" else ["internal"]
        found += ["sensitive"] if role.name is None and self._numbers_persons(column) else []
        return max(found, key=RANKS.index) if role.name != "currency" else "public"

    def _numbers_persons(self, column: Column) -> bool:
        """Whether a column of codes has another one for each of several persons, and the same wherever one comes again."""
        if not all(re.search(r"\d", text) for text in column.filled) or column.time:
            return False
        for person in self.all("source_customer_id", *CONTACTS):
            pairs = [pair for pair in zip(column.texts, person.texts, strict=True) if all(pair)]
            different = len(set(pairs))
            is_one_each = different == len({code for code, _ in pairs}) == len({name for _, name in pairs})
            if column is not person and is_one_each and MANY <= different < len(pairs):
                return True
        return False


def order_numbers(roles: Roles, words: Words) -> list[Column]:
    """Columns that number orders, what calls itself an order before a receipt, and that before a transaction; full ones go first."""

    def rank(column: Column) -> tuple[bool, int]:
        is_paper = words.says("paper_word", column.header)
        return not column.is_filled, 0 if words.says("order_word", column.header) else 1 + is_paper

    return sorted((c for c in roles.all("order_id") if not c.is_blank), key=rank)


Rule = Callable[[Roles, Words], Iterator[Role]]


def roles_of(profile: Profile, words: Words) -> Roles:
    """Let every rule vote; the last vote of a column counts."""
    roles = Roles(profile.columns, {c.position: Role(c, c.says, "its header") for c in profile.columns})
    for rule in RULES:
        votes = {vote.column.position: vote for vote in rule(roles, words)}
        roles = Roles(profile.columns, {**roles.by_position, **votes})
    return roles


def _share(column: Column, pattern: str) -> float:
    filled = column.filled[:200]
    return sum(bool(re.search(pattern, text)) for text in filled) / len(filled) if filled else 0.0


def _by_values(roles: Roles, words: Words) -> Iterator[Role]:
    """A "customer number" may be a phone, "loyalty" a tier's name, a card's number the payment's; a share is no amount."""
    has_cards = any(column.says in ("tender", "payment_card") for column in roles.columns)
    for column in roles.columns:
        votes = _contact_by_values(column)
        yield from _measure_by_values(column, words, has_cards=has_cards) if votes is None else votes


def _contact_by_values(column: Column) -> list[Role] | None:
    """What values say of a column that is or seems a contact or a person's id; None where it is none of them."""
    says = column.says
    is_other = says in ("other_person", "note") or (says or "").startswith("recipient")
    if column.looks == "email" and not is_other:
        return [Role(column, "email", "its values are e-mail addresses")]
    if column.looks == "contact" and not is_other:
        return [Role(column, "contact", "its values are e-mail addresses and phones")]
    if says in ("source_customer_id", "loyalty_id") and column.filled:
        return list(_id_by_values(column, says))
    if says in _HOLDS and column.filled and _share(column, _HOLDS[says]) < 0.5:
        return [Role(column, None, "it is named after a contact and holds none", classification="sensitive")]
    return None


def _measure_by_values(column: Column, words: Words, *, has_cards: bool) -> Iterator[Role]:
    """What values say of a column that is named after an amount, a time or a code."""
    says = column.says
    if _is_another_thing(column, words):
        yield Role(column, None, "a share is no amount, and a payment's number no means of it")
    elif says == "coupon_code" and (column.decimals or 0) > 0:
        yield Role(column, "discount_amount", "its values are amounts")
    elif says == "discount_amount":
        yield from _discount_by_values(column, words)
    elif is_a(says, "money", "number") and column.time and column.time.kind == "timestamp":
        yield Role(column, "ordered_at", "its values are times")
    elif is_a(says, "time") and column.filled and column.time is None and column.clock is None:
        yield from _no_time(column)
    elif (
        says is None
        and len(column.distinct) <= MAX_KINDS
        and {"open", "click"} & {words.touch_of(w) for w in column.distinct}
    ):
        yield Role(column, "event_kind", "its words are what e-mails and pages see")
    elif column.distinct and len(column.distinct) <= 4 and _is_direction(column, words, has_cards=has_cards):
        yield Role(column, "direction", "its words say whether money came in or went out")


def _is_another_thing(column: Column, words: Words) -> bool:
    """Whether what is named after an amount is a share, or what is named after a payment is its number."""
    if column.says == "tender":
        return _share(column, r"\d") == 1 and column.is_unique
    is_share = "percent" in column.strips or words.says("share", column.header)
    return is_a(column.says, "money") and is_share


def _discount_by_values(column: Column, words: Words) -> Iterator[Role]:
    if words.says("platform", column.header):
        yield Role(column, "platform_discount", "its header names a platform")
    elif column.filled and not re.search(r"^\W*[\d.,]+\W*$", column.filled[0]):
        yield Role(column, "coupon_code", "its values are no amounts")


def _id_by_values(column: Column, says: str) -> Iterator[Role]:
    if _share(column, r"^'?(\+\d[\d ()./-]{6,}|\(\+?\d+\)[\d ./-]{5,}|1[3-9]\d{9})$") > 0.8:
        yield Role(column, "phone", "its values are phone numbers")
    elif says == "loyalty_id" and not any(re.search(r"\d", text) for text in column.filled):
        yield Role(column, "loyalty_tier", "its values are names of tiers")
    elif column.looks == "handle":
        yield Role(column, "named_handle", "its values are names with user names")
    elif _share(column, " ") > 0.5:
        yield Role(column, "full_name", "its values are names")
    elif "card" in column.header.casefold() and _share(column, r"^[*xX• -]*\d{4}$") > 0.8:
        yield Role(column, "payment_card", "its values are the last digits of payment cards")


def _no_time(column: Column) -> Iterator[Role]:
    is_dated = _share(column, r"\d{1,4}[-/.: ]\d{1,2}") > 0.5 and not column.numbers
    said = "by its name a time, but no known format reads it: it stays text; give its type and formats"
    yield Role(column, None, "its values are no times", said if is_dated else "")


def _is_direction(column: Column, words: Words, *, has_cards: bool) -> bool:
    """Whether words mean in and out; credit and debit beside what was paid with are kinds of cards."""
    found = {words.direction_of(word) for word in column.distinct}
    are_cards = has_cards and column.says is None and all(map(words.tender_of, column.distinct))
    return None not in found and {"in", "out"} <= found and not are_cards


def _by_neighbours(roles: Roles, words: Words) -> Iterator[Role]:
    """A "State" beside a city is a part of an address; a bare "Name" is an article's, a page's or one half of a person's."""
    headers = {column.header.casefold() for column in roles.columns}
    has_place = roles.first("city", "postcode") is not None or any(
        c.says in ("city", "postcode") for c in roles.columns
    )
    halves = {roles.role(column) for column in roles.all("given_name", "family_name")}
    for column in roles.columns:
        header, role = column.header.casefold(), roles.role(column)
        is_beside = header.endswith("state") and header.removesuffix("state") + "city" in headers
        if role in ("order_status", "region") and (is_beside or (header == "state" and has_place)):
            yield Role(column, "region", "it stands beside a city")
        elif (
            role == "full_name"
            and len(halves) == 1
            and "full" not in header
            and _share(column, r"\S\s\S") < 0.5
        ):
            other = next(iter({"given_name", "family_name"} - halves))
            yield Role(column, other, "the other half of a name stands beside it")
        elif role in ("given_name", "family_name") and len(halves) == 1 and _share(column, r"\S\s\S") > 0.8:
            yield Role(column, "full_name", "its values are whole names and no other half stands beside it")
        elif header == "name":
            yield from _bare_name(column, roles, bool(halves))


def _bare_name(column: Column, roles: Roles, has_halves: bool) -> Iterator[Role]:
    about_persons = roles.all("email", "phone", "order_id", "source_customer_id", "given_name")
    if column.filled and _share(column, r"^#?[A-Z]{0,4}-?\d{3,}\S*$") > 0.8 and not roles.all("order_id"):
        yield Role(column, "order_id", "its values are numbers of orders")
    elif roles.all("device_id") and not has_halves:
        yield Role(column, None, "a page's or an event's name", classification="internal")
    elif roles.all("sku") and not about_persons:
        yield Role(column, "product_name", "an article's name", classification="internal")


def _by_time(roles: Roles, words: Words) -> Iterator[Role]:
    """Where rows are numbered as orders and no header says when, the first column of times does."""
    has_time = any(is_a(roles.role(column), "time") and column.time for column in roles.columns)
    named = roles.has("order_id") and not has_time
    for column in [c for c in roles.columns if named and c.time and roles.role(c) is None][:1]:
        yield Role(column, "ordered_at", "its values are times and no header says when")


def _by_states(roles: Roles, words: Words) -> Iterator[Role]:
    """Where orders have no column of a state by its name, one whose few words are all states, and several of them, is it."""
    if roles.all("order_status") or not roles.has("order_id"):
        return
    for column in roles.columns:
        found = {words.status_of(word) for word in column.distinct[: MAX_KINDS + 1]}
        is_free = roles.role(column) in (None, "region") and len(column.distinct) <= MAX_KINDS
        if is_free and len(found) > 1 and None not in found:
            said = f"{column.header!r}: its words are those of an order's state"
            yield Role(column, "order_status", "its words are an order's states", said)
            return


def _by_tenders(roles: Roles, words: Words) -> Iterator[Role]:
    """Where no header says with what orders were paid, a column that calls itself of payment and whose few words are all means of it does."""
    if roles.all("tender") or not roles.has("order_id"):
        return
    for column in roles.columns:
        is_free = (
            roles.role(column) is None and words.says("of_payment", column.header) and not column.numbers
        )
        is_told = all(words.tender_of(word) and not re.search(r"\d", word) for word in column.distinct)
        if is_free and is_told and 0 < len(column.distinct) <= MAX_KINDS:
            yield Role(column, "tender", "its words are means of payment")
            return


def _by_articles(roles: Roles, words: Words) -> Iterator[Role]:
    """Where nothing is an article's number, codes that go one to one with the names of articles are."""
    name = roles.first("product_name")
    if name is None or roles.has("sku") or not roles.has("quantity", "unit_price", "line_amount"):
        return
    for column in roles.columns:
        if roles.role(column) is None and _goes_with(column, name):
            said = f"it goes with {name.header!r}, so it is taken as the article's number"
            yield Role(column, "sku", "its codes go with the articles' names", said)
            return


def _goes_with(column: Column, name: Column) -> bool:
    """Whether codes and names go one to one, on several rows each."""
    is_code = bool(column.filled) and all(re.fullmatch(r"[A-Z\d][A-Z\d/_-]+", text) for text in column.filled)
    pairs = {pair for pair in zip(column.texts, name.texts, strict=True) if any(pair)}
    is_one_each = len(pairs) == len(set(column.filled)) == len(set(name.filled))
    is_plain = not (column.time or column.looks)
    return is_code and is_plain and is_one_each and 1 < len(pairs) < len(column.filled)


def _by_company(roles: Roles, words: Words) -> Iterator[Role]:
    """In a list of persons a status of subscription is a consent; a record's id is a person's only where a person is named.

    The number of a card is the payment's where a row is paid for and the card is no loyalty card on most rows.
    """
    is_list = not roles.all("order_id")
    has_person = bool(roles.all(*CONTACTS))
    for column in roles.columns:
        role = roles.role(column)
        may_tell = role in (None, "order_status", "email_verified") and column.filled
        if is_list and may_tell and _is_subscription(column, words):
            yield Role(column, "consent", "its words are those of a subscription")
        if re.fullmatch(r"record.?id", column.header, re.IGNORECASE) and not has_person:
            yield Role(column, None, "a record of no person", classification="internal")
        is_client = role == "device_id" and re.search(r"client", column.header, re.IGNORECASE)
        if is_client and not is_list and not roles.all("source_customer_id"):
            yield Role(column, "source_customer_id", "a client of orders, no browser")
        if role == "loyalty_id" and column.share < 0.5 and _is_plain_card(column.header):
            yield Role(column, "payment_card", "a payment's card, blank on most rows")


def _by_refund_number(roles: Roles, words: Words) -> Iterator[Role]:
    """A refund's number that stands on some rows of orders only tells those from sales; the file is no list of returns."""
    for column in roles.all("refund_id"):
        blank = [text for text in column.texts if not text or words.is_whole("nobody", text)]
        if roles.has("order_id") and 0 < len(blank) < len(column.texts):
            yield Role(column, "refund_number", "some rows have none")
        elif blank and len(blank) == len(column.texts):
            yield Role(column, None, "no row has one")


def _by_contact(roles: Roles, words: Words) -> Iterator[Role]:
    """Beside a contact, whoever is named with the same first word is that person, and what was spent is no cost of ads."""
    contacts = [c for c in roles.all("email", "phone", "contact") if not c.is_blank]
    is_ads = roles.has("campaign", "impressions", "clicks")
    for column in roles.all("spend") if contacts and not is_ads else ():
        yield Role(column, None, "what a person spent, in a list of persons")
    if not contacts or roles.has("full_name", "given_name", "family_name"):
        return
    whose = {_first_of_several(c) for c in contacts} - {""}
    for column in roles.all("other_person"):
        if _first_of_several(column) in whose:
            yield Role(column, "full_name", "it is named as the contact beside it is")
    names = [c for c in roles.columns if c.looks == "name" and roles.role(c) is None]
    if len(names) == 1 and not roles.has("order_id", *OF_SALES, "other_person", "recipient_name"):
        yield Role(names[0], "full_name", "its values are the only names beside a contact")


def _first_of_several(column: Column) -> str:
    """The first word of a header of several."""
    found = words_of(column.header)
    return found[0] if len(found) > 1 else ""


def words_of(header: str) -> list[str]:
    """The words of a header, in small letters."""
    return plain(header).casefold().split() or [""]


def _by_ledger(roles: Roles, words: Words) -> Iterator[Role]:
    """A ledger of points and answers to a survey say what something was worth: nothing was sold by their rows."""
    kinds = roles.all("line_kind", "event_kind")
    points = [c for c in kinds if sum(words.is_kind("points", word) for word in c.distinct) > 1]
    answers = [] if roles.has(*OF_SALES) else [c for c in roles.columns if words.says("survey", c.header)]
    named = next(iter([*points, *answers]), None)
    for column in roles.columns:
        if named and is_a(roles.role(column), "money", "number"):
            said = f"{named.header!r} tells of points or a survey, so {column.header!r} is no money of a sale"
            yield Role(column, None, "a ledger of points, or a survey", said)
        elif answers and roles.role(column) == "product_name" and len(words_of(column.header)) == 1:
            yield Role(column, "note", "the title of what somebody wrote")


def _is_subscription(column: Column, words: Words) -> bool:
    told = sum(words.consent_of(word) is not None for word in column.distinct)
    return told * 2 >= len(column.distinct) and any(
        re.search(r"subscri|opt", word, re.IGNORECASE) for word in column.distinct
    )


def _is_plain_card(header: str) -> bool:
    of_loyalty = "loyal|member|club|reward|bonus|customer"
    return bool(re.search(r"card", header, re.IGNORECASE)) and not re.search(
        of_loyalty, header, re.IGNORECASE
    )


def _by_parts(roles: Roles, words: Words) -> Iterator[Role]:
    """A phone or postcode that stands in numbered columns (…1, …2, …3) is one text, by sourceColumns."""

    def stem(column: Column) -> tuple[str | None, str]:
        found = _PART.match(column.header)
        return (column.says, found.group(1)) if found else (None, column.header)

    for (says, _), group in groupby(roles.columns, key=stem):
        parts = list(group)
        is_short = all(re.fullmatch(r"[+(]?\d{1,5}\)?", text) for part in parts for text in part.filled)
        if says not in ("phone", "postcode", "recipient_phone") or len(parts) < 2 or not is_short:
            continue
        headers = tuple(part.header for part in parts)
        question = f"joined from {', '.join(map(repr, headers))} by sourceColumns"
        yield Role(parts[0], says, "parts of one text", question, source_headers=headers)
        for part in parts[1:]:
            yield Role(part, None, f"a part of {parts[0].header}")


def _masked(roles: Roles, words: Words) -> Iterator[Role]:
    """A contact whose characters are starred out names nobody."""
    for column in roles.all(*CONTACTS, "national_id"):
        if column.looks == "masked":
            yield Role(
                column, None, "its values are masked", "masked in the file, so no customer is known by it"
            )


def _of_the_buyer(roles: Roles, words: Words) -> Iterator[Role]:
    """Of an order's several contacts of a kind, the one that is named after who bought is the customer's."""
    if not roles.all("order_id"):
        return
    for role in CONTACTS:
        same = [column for column in roles.columns if roles.role(column) == role and not column.is_blank]
        kept = _different(same) if role in ("email", "phone", "full_name") else same
        yield from (
            Role(column, None, "another column says the same") for column in same if column not in kept
        )
        yield from _of_others(role, kept, [column for column in kept if words.says("buyer", column.header)])


def _of_others(role: str, kept: Sequence[Column], buyers: Sequence[Column]) -> Iterator[Role]:
    """The contacts beside the buyers' own, where there are such."""
    for column in kept:
        if buyers and column not in buyers:
            question = f"{buyers[0].header!r} is taken as the buyer's own, {column.header!r} is not"
            yield Role(column, None, "another person than the buyer", f"{role}: {question}")


def _different(same: Sequence[Column]) -> list[Column]:
    """Of contacts that say the same wherever both say anything, the one that says no more than that, else the fullest."""
    kept: list[Column] = []
    for column in sorted(same, key=lambda each: -each.share):
        beside = [_both(column, other) for other in kept]
        number = next((place for place, pairs in enumerate(beside) if _say_the_same(pairs)), None)
        if number is None:
            kept.append(column)
        elif sum(len(mine) - len(theirs) for mine, theirs in beside[number]) < 0:
            kept[number] = column
    return [column for column in same if column in kept]


def _both(column: Column, other: Column) -> list[tuple[str, str]]:
    """The texts of two columns on the rows where both say anything."""
    return [(mine, theirs) for mine, theirs in zip(column.texts, other.texts, strict=True) if mine and theirs]


def _say_the_same(pairs: Sequence[tuple[str, str]]) -> bool:
    return len(pairs) > 1 and all(mine in theirs or theirs in mine for mine, theirs in pairs)


def _of_the_account(roles: Roles, words: Words) -> Iterator[Role]:
    """A contact or id that is the same on all rows is the shop's or account's own, where others differ or orders are many."""
    identities = [c for c in roles.columns if roles.role(c) in IDENTITIES and not c.is_blank]
    orders = [len(column.distinct) for column in roles.all("order_id")]
    for column in identities:
        is_same = len(column.texts) >= MANY and column.is_filled and len(column.distinct) == 1
        differs = any(len(other.distinct) > 1 for other in identities if other is not column)
        if is_same and (differs or max(orders, default=0) >= MANY):
            said = "the same on every row of the sample, so it is taken as the account's own, no customer's"
            yield Role(column, None, "the same on every row", said)


RULES: tuple[Rule, ...] = (
    _by_values,
    _by_neighbours,
    _by_time,
    _by_states,
    _by_tenders,
    _by_articles,
    _by_company,
    _by_contact,
    _by_ledger,
    _by_refund_number,
    _by_parts,
    _masked,
    _of_the_buyer,
    _of_the_account,
)


def own_id(roles: Roles) -> Column | None:
    """A person's own id in a list of persons: unique, on every row, where a contact is unique too."""
    contacts = [c for c in roles.all("email", "phone") if not c.is_blank]
    if not any(column.is_unique for column in contacts):
        return None
    named = [
        c
        for c in roles.columns
        if c.looks == "uuid" or re.search(r"(^|[ _.])_?u?u?id$", c.header, re.IGNORECASE)
    ]
    named += roles.all("platform_id")
    of_person = (None, "source_customer_id", "platform_id")
    found = [c for c in named if c.is_filled and c.is_unique and roles.role(c) in of_person]
    plain = plain_id(roles)
    return plain if plain in found else next(iter(found), None)


def plain_id(roles: Roles) -> Column | None:
    """The row's own `id`."""
    found = [c for c in roles.columns if c.header.casefold() in PLAIN_IDS]
    return min(found, key=lambda c: c.header.count("."), default=None)
