"""What a column's values say of it, whatever its header says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles.role import Role, Roles
from cdp_assets.drafting.words import Words, is_a

_HOLDS = {"email": r"@", "phone": r"(\d\D*){5}", "recipient_phone": r"(\d\D*){3}|[*]{2}"}


def share_of(column: Column, pattern: str) -> float:
    filled = column.filled[:200]
    return sum(bool(re.search(pattern, text)) for text in filled) / len(filled) if filled else 0.0


def by_values(roles: Roles, words: Words) -> Iterator[Role]:
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
    if says in _HOLDS and column.filled and share_of(column, _HOLDS[says]) < 0.5:
        return [Role(column, None, "it is named after a contact and holds none", classification="sensitive")]
    return None


def _measure_by_values(column: Column, words: Words, *, has_cards: bool) -> Iterator[Role]:
    """What values say of a column that is named after an amount, a time or a code."""
    says = column.says
    if says == "tax_amount" and words.says("share", column.header):
        yield Role(column, "tax_rate", "a share by its name")
    elif _is_another_thing(column, words):
        yield Role(column, None, "a share is no amount, and a payment's number no means of it")
    elif says == "coupon_code" and (column.decimals or 0) > 0:
        yield Role(column, "discount_amount", "its values are amounts")
    elif says == "discount_amount":
        yield from _discount_by_values(column, words)
    elif is_a(says, "time") and column.filled and column.time is None and column.clock is None:
        yield from _no_time(column)
    elif column.distinct and len(column.distinct) <= 4 and _is_direction(column, words, has_cards=has_cards):
        yield Role(column, "direction", "its words say whether money came in or went out")


def _is_another_thing(column: Column, words: Words) -> bool:
    """Whether what is named after an amount is a share, or what is named after a payment is its number."""
    if column.says == "tender":
        return share_of(column, r"\d") == 1 and column.is_unique
    is_share = "percent" in column.strips or words.says("share", column.header)
    return is_a(column.says, "money") and is_share


def _discount_by_values(column: Column, words: Words) -> Iterator[Role]:
    if words.says("platform", column.header):
        yield Role(column, "platform_discount", "its header names a platform")
    elif column.filled and not re.search(r"^\W*[\d.,]+\W*$", column.filled[0]):
        yield Role(column, "coupon_code", "its values are no amounts")


def _id_by_values(column: Column, says: str) -> Iterator[Role]:
    if share_of(column, r"^'?(\+\d[\d ()./-]{6,}|\(\+?\d+\)[\d ./-]{5,}|1[3-9]\d{9})$") > 0.8:
        yield Role(column, "phone", "its values are phone numbers")
    elif says == "loyalty_id" and not any(re.search(r"\d", text) for text in column.filled):
        yield Role(column, "loyalty_tier", "its values are names of tiers")
    elif column.looks == "handle":
        yield Role(column, "named_handle", "its values are names with user names")
    elif share_of(column, " ") > 0.5:
        yield Role(column, "full_name", "its values are names")
    elif "card" in column.header.casefold() and share_of(column, r"^[*xX• -]*\d{4}$") > 0.8:
        yield Role(column, "payment_card", "its values are the last digits of payment cards")


def _no_time(column: Column) -> Iterator[Role]:
    is_dated = share_of(column, r"\d{1,4}[-/.: ]\d{1,2}") > 0.5 and not column.numbers
    said = "by its name a time, but no known format reads it: it stays text; give its type and formats"
    yield Role(column, None, "its values are no times", said if is_dated else "")


def _is_direction(column: Column, words: Words, *, has_cards: bool) -> bool:
    """Whether words mean in and out; credit and debit beside what was paid with are kinds of cards."""
    found = {words.direction_of(word) for word in column.distinct}
    are_cards = has_cards and column.says is None and all(map(words.tender_of, column.distinct))
    return None not in found and {"in", "out"} <= found and not are_cards
