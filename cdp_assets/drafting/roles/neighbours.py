"""What the columns around it say of a column: a place, a name's other half, states, means of payment, articles, points."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles.role import MAX_KINDS, Role, Roles
from cdp_assets.drafting.roles.values import share_of
from cdp_assets.drafting.words import Words, is_a, plain

OF_SALES = (
    "quantity",
    "unit_price",
    "line_amount",
    "tender",
    "shipping_amount",
    "tax_amount",
    "order_status",
)


def by_neighbours(roles: Roles, words: Words) -> Iterator[Role]:
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
            and share_of(column, r"\S\s\S") < 0.5
        ):
            other = next(iter({"given_name", "family_name"} - halves))
            yield Role(column, other, "the other half of a name stands beside it")
        elif role in ("given_name", "family_name") and len(halves) == 1 and share_of(column, r"\S\s\S") > 0.8:
            yield Role(column, "full_name", "its values are whole names and no other half stands beside it")
        elif header == "name":
            yield from _bare_name(column, roles, bool(halves))


def _bare_name(column: Column, roles: Roles, has_halves: bool) -> Iterator[Role]:
    about_persons = roles.all("email", "phone", "order_id", "source_customer_id", "given_name")
    if column.filled and share_of(column, r"^#?[A-Z]{0,4}-?\d{3,}\S*$") > 0.8 and not roles.all("order_id"):
        yield Role(column, "order_id", "its values are numbers of orders")
    elif roles.all("device_id") and not has_halves:
        yield Role(column, None, "a page's or an event's name", classification="internal")
    elif roles.all("sku") and (not about_persons or _are_articles(column, roles)):
        yield Role(column, "product_name", "an article's name", classification="internal")


def _are_articles(column: Column, roles: Roles) -> bool:
    """Whether names stand with pieces of articles, and are the same wherever an article's number comes again."""
    sku = roles.first("sku")
    if sku is None or not roles.has("quantity"):
        return False
    return len(set(zip(sku.texts, column.texts, strict=True))) == len(set(sku.texts)) < len(column.texts)


def by_currencies(roles: Roles, words: Words) -> Iterator[Role]:
    """Amounts that stand twice, in the order's currency and in another one: on each row in the same relation. The second set counts none."""
    for start, found in _pairs_by_start(roles).items():
        if (len(found) > 1 or _named_currencies(roles, start)) and _are_in_one_relation(found):
            mine, others = (", ".join(repr(c.header) for c in each) for each in zip(*found, strict=True))
            said = f"{mine} are {others} in another currency; the latter are taken"
            for number, column in enumerate(_second_set(roles, start)):
                yield Role(column, None, "the same in another currency", "" if number else said)


def _pairs_by_start(roles: Roles) -> dict[str, list[tuple[Column, Column]]]:
    """The first word of some amounts' headers → each of them, with the one that is named the same without it."""
    by_header = {plain(c.header).casefold(): c for c in roles.columns if any(c.numbers)}
    pairs: dict[str, list[tuple[Column, Column]]] = defaultdict(list)
    for header, column in by_header.items():
        start, _, rest = header.partition(" ")
        if is_a(roles.role(column), "money") and rest in by_header:
            pairs[start].append((column, by_header[rest]))
    return pairs


def _second_set(roles: Roles, start: str) -> list[Column]:
    """Amounts whose headers begin so, and their currency where the file names another one."""
    money = [c for c in roles.columns if is_a(roles.role(c), "money") and _begins(c, start)]
    return [*money, *_named_currencies(roles, start)]


def _named_currencies(roles: Roles, start: str) -> list[Column]:
    """Currencies whose headers begin so, beside one whose header does not."""
    found = [c for c in roles.all("currency") if _begins(c, start)]
    return found if len(found) < len(roles.all("currency")) else []


def _begins(column: Column, start: str) -> bool:
    return plain(column.header).casefold().startswith(f"{start} ")


def _are_in_one_relation(pairs: Sequence[tuple[Column, Column]]) -> bool:
    """Whether on each row all amounts of one set are the same multiple of the other's, which is not one on all rows."""
    found = set()
    for row in range(len(pairs[0][0].texts)):
        values = [(a.numbers[row], b.numbers[row]) for a, b in pairs]
        shares = [a / b for a, b in values if a and b]
        if shares and max(shares) - min(shares) > max(shares) / 100:
            return False
        found |= {round(share, 2) for share in shares[:1]}
    return any(share != 1 for share in found)


def by_time(roles: Roles, words: Words) -> Iterator[Role]:
    """Where rows are numbered as orders and no header says when, the first column of times does."""
    has_time = any(is_a(roles.role(column), "time") and column.time for column in roles.columns)
    named = roles.has("order_id") and not has_time
    for column in [c for c in roles.columns if named and c.time and roles.role(c) is None][:1]:
        yield Role(column, "ordered_at", "its values are times and no header says when")


def by_states(roles: Roles, words: Words) -> Iterator[Role]:
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


def by_tenders(roles: Roles, words: Words) -> Iterator[Role]:
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


def by_articles(roles: Roles, words: Words) -> Iterator[Role]:
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


def by_refund_number(roles: Roles, words: Words) -> Iterator[Role]:
    """A refund's number that stands on some rows of orders only tells those from sales; the file is no list of returns."""
    for column in roles.all("refund_id"):
        blank = [text for text in column.texts if not text or words.is_whole("nobody", text)]
        if roles.has("order_id") and 0 < len(blank) < len(column.texts):
            yield Role(column, "refund_number", "some rows have none")
        elif blank and len(blank) == len(column.texts):
            yield Role(column, None, "no row has one")


def words_of(header: str) -> list[str]:
    """The words of a header, in small letters."""
    return plain(header).casefold().split() or [""]


def by_ledger(roles: Roles, words: Words) -> Iterator[Role]:
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
