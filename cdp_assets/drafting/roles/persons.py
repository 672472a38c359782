"""Whom a column is about: the buyer, another person, the account, or nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles.neighbours import OF_SALES, words_of
from cdp_assets.drafting.roles.role import CONTACTS, MANY, Role, Roles
from cdp_assets.drafting.words import Words

IDENTITIES = ("source_customer_id", "device_id", "email", "phone")


_PART = re.compile(r"^(.*?\D)[ _]?([1-4１-４])$")


def by_company(roles: Roles, words: Words) -> Iterator[Role]:
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


def by_contact(roles: Roles, words: Words) -> Iterator[Role]:
    """Beside a contact, whoever is named with the same first word is that person."""
    contacts = [c for c in roles.all("email", "phone", "contact") if not c.is_blank]
    if not contacts or roles.has("full_name", "given_name", "family_name"):
        return
    whose = {_first_of_several(c) for c in contacts} - {""}
    for column in roles.all("other_person"):
        if _first_of_several(column) in whose:
            yield Role(column, "full_name", "it is named as the contact beside it is")
    names = [c for c in roles.columns if c.looks == "name" and roles.role(c) is None]
    if len(names) == 1 and not roles.has("order_id", *OF_SALES, "other_person", "recipient_name"):
        yield Role(names[0], "full_name", "its values are the only names beside a contact")


def by_cost(roles: Roles, words: Words) -> Iterator[Role]:
    """What was spent or is a cost beside a contact or goods, and no campaign, is no cost of ads."""
    is_ads = roles.has("campaign", "impressions", "clicks")
    is_other = roles.has("email", "phone", "contact", "quantity", "unit_price", "line_amount")
    for column in roles.all("spend") if is_other and not is_ads else ():
        yield Role(column, None, "what a person spent, or what goods cost")


def _first_of_several(column: Column) -> str:
    """The first word of a header of several."""
    found = words_of(column.header)
    return found[0] if len(found) > 1 else ""


def _is_subscription(column: Column, words: Words) -> bool:
    told = sum(words.consent_of(word) is not None for word in column.distinct)
    return told * 2 >= len(column.distinct) and any(words.says("subscription", w) for w in column.distinct)


def _is_plain_card(header: str) -> bool:
    of_loyalty = "loyal|member|club|reward|bonus|customer"
    return bool(re.search(r"card", header, re.IGNORECASE)) and not re.search(
        of_loyalty, header, re.IGNORECASE
    )


def by_parts(roles: Roles, words: Words) -> Iterator[Role]:
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


def by_masks(roles: Roles, words: Words) -> Iterator[Role]:
    """A contact whose characters are starred out names nobody."""
    for column in roles.all(*CONTACTS, "national_id"):
        if column.looks == "masked":
            yield Role(
                column, None, "its values are masked", "masked in the file, so no customer is known by it"
            )


def by_buyer(roles: Roles, words: Words) -> Iterator[Role]:
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


def by_account(roles: Roles, words: Words) -> Iterator[Role]:
    """A contact or id that is the same on all rows is the shop's or account's own, where others differ or orders are many."""
    identities = [c for c in roles.columns if roles.role(c) in IDENTITIES and not c.is_blank]
    orders = [len(column.distinct) for column in roles.all("order_id")]
    for column in identities:
        is_same = len(column.texts) >= MANY and column.is_filled and len(column.distinct) == 1
        differs = any(len(other.distinct) > 1 for other in identities if other is not column)
        if is_same and (differs or max(orders, default=0) >= MANY):
            said = "the same on every row of the sample, so it is taken as the account's own, no customer's"
            yield Role(column, None, "the same on every row", said)
