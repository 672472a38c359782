"""Which columns of a sample hold a person's contacts and ids, by what stands in them: a header alone often says it wrongly.

For drafts only. Nothing here reads a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from cdp_assets.drafting.guessing import GuessedColumn
from cdp_assets.drafting.meanings import apart, classification_of, consent_of
from cdp_assets.drafting.sampling import SampleColumn

IDENTITIES = ("source_customer_id", "device_id", "email", "phone")
MANY = 3  # rows or orders from which on the same contact on all of them is nobody's own
CONTACTS = ("email", "phone", "full_name", "given_name", "family_name")
_BUYER = re.compile(
    r"^(buyer|purchaser|payer|customer|bill(ing|ed)?|käufer|acheteur|comprador)\b", re.IGNORECASE
)
_MASKED = re.compile(r"[*＊]{2,}|[xX•]{4,}")
_NOBODY = re.compile(
    r"0+|-1|guest|anonymous|walk.?in( customer)?|cash( customer| sale)?|gast|laufkunde|invit[eé]|invitado|ospite|散客|游客",
    re.IGNORECASE,
)
_PART = re.compile(r"^(.*?\D)[ _]?([1-4１-４])$")


def settle_contacts(columns: list[GuessedColumn], texts: Mapping[str, SampleColumn]) -> list[str]:
    """Correct the meanings of contact columns by their texts; notes say what was found. `texts`: the sample's, by name."""
    notes = _join_parts(columns, texts)
    has_person = any(column.role in CONTACTS for column in columns)
    for column in columns:
        filled = texts[column.name].filled
        holds = {"email": r"@", "phone": r"(\d\D*){5}"}.get(column.role or "")
        is_part = "sourceColumns" in column.facts
        if (
            holds
            and filled
            and not is_part
            and sum(bool(re.search(holds, t)) for t in filled) * 2 < len(filled)
        ):
            column.role = None  # a state or a count that is named after the contact
        if re.fullmatch(r"record.?id", column.header, re.IGNORECASE) and not has_person:
            column.role, column.classification = None, classification_of(None)  # a deal's or a task's
    _subscribers(columns, texts)
    notes += _masked(columns, texts) + _of_the_buyer(columns, texts)
    for column in columns:
        if column.role == "source_customer_id":
            column.nobody = sorted({t for t in texts[column.name].filled if _NOBODY.fullmatch(t)})
    return notes + _of_the_account(columns, texts)


def _subscribers(columns: list[GuessedColumn], texts: Mapping[str, SampleColumn]) -> None:
    """In a list of persons, a status whose words are those of a subscription says whether they consented."""
    if any(column.role == "order_id" for column in columns):
        return
    for column in columns:
        words = set(texts[column.name].filled)
        is_known = column.role == "order_status" and all(consent_of(word) for word in words)
        if is_known and any(re.search(r"subscri|opt", word, re.IGNORECASE) for word in words):
            column.role, column.classification = "consent", classification_of("consent")


def _masked(columns: list[GuessedColumn], texts: Mapping[str, SampleColumn]) -> list[str]:
    """A contact whose characters are starred out names nobody."""
    masked = []
    for column in columns:
        filled = texts[column.name].filled
        if (
            column.role in CONTACTS
            and filled
            and sum(map(bool, map(_MASKED.search, filled))) * 2 > len(filled)
        ):
            column.role = None
            masked.append(column.name)
    return [f"{', '.join(masked)}: masked in the file, so no customer is known by it"] if masked else []


def _different(same: list[GuessedColumn], texts: Mapping[str, SampleColumn]) -> list[GuessedColumn]:
    """Of contacts that say the same wherever both say anything, the one that says no more than that keeps its meaning, else the fullest."""
    kept: list[GuessedColumn] = []
    for column in sorted(same, key=lambda each: -each.share):
        for number, other in enumerate(kept):
            pairs = _both(texts[column.name].values, texts[other.name].values)
            if len(pairs) > 1 and all(mine in theirs or theirs in mine for mine, theirs in pairs):
                is_plainer = sum(len(mine) - len(theirs) for mine, theirs in pairs) < 0
                kept[number], left = (column, other) if is_plainer else (other, column)
                left.role = None
                break
        else:
            kept.append(column)
    return [column for column in same if column in kept]


def _both(left: Sequence[str], right: Sequence[str]) -> list[tuple[str, str]]:
    """The rows on which both say something."""
    return [(a.strip(), b.strip()) for a, b in zip(left, right, strict=True) if a.strip() and b.strip()]


def _of_the_buyer(columns: list[GuessedColumn], texts: Mapping[str, SampleColumn]) -> list[str]:
    """Of an order's several contacts of a kind, the one that is named after who bought is the customer's."""
    if not any(column.role == "order_id" for column in columns):
        return []
    notes = []
    for role in CONTACTS:
        same = [column for column in columns if column.role == role and not column.is_blank]
        if role in ("email", "phone", "full_name"):  # a family name alone is shared by others
            same = _different(same, texts)
        buyers = [column for column in same if _BUYER.search(apart(column.header).replace("_", " "))]
        others = [column for column in same if column not in buyers]
        if buyers and others:
            for column in others:
                column.role = None
            left = ", ".join(column.name for column in others)
            notes.append(f"{role}: {buyers[0].name} is taken as the buyer's own, {left} is not")
    return notes


def _join_parts(columns: list[GuessedColumn], texts: Mapping[str, SampleColumn]) -> list[str]:
    """A phone or postcode that stands in numbered columns (…1, …2, …3) is one text, by sourceColumns."""

    def stem(column: GuessedColumn) -> tuple[str | None, str]:
        found = _PART.match(column.header)
        return (column.role, found.group(1)) if found else (None, column.header)

    notes = []
    for (role, _), group in groupby(columns, key=stem):
        parts = list(group)
        short = all(re.fullmatch(r"[+(]?\d{1,5}\)?", t) for part in parts for t in texts[part.name].filled)
        if role not in ("phone", "postcode", "recipient_phone") or len(parts) < 2 or not short:
            continue
        first, *others = parts
        first.facts["sourceColumns"] = [part.header for part in parts]
        for each in others:
            each.role = None
        notes.append(f"{first.name}: joined from {', '.join(repr(p.header) for p in parts)} by sourceColumns")
    return notes


def _of_the_account(columns: list[GuessedColumn], texts: Mapping[str, SampleColumn]) -> list[str]:
    """A contact or id that is the same on all rows is the shop's or account's own, where others differ or orders are many."""
    notes = []
    identities = [c for c in columns if c.role in IDENTITIES and not c.is_blank]
    orders = [len(set(texts[c.name].filled)) for c in columns if c.role == "order_id"]
    for column in identities:
        values = texts[column.name].values
        is_same = len(values) >= MANY and len({value.strip() for value in values}) == 1
        differs = any(len(set(texts[c.name].filled)) > 1 for c in identities if c is not column)
        if is_same and (differs or max(orders, default=0) >= MANY):
            column.role = None
            notes.append(
                f"{column.name}: the same on every row of the sample, so it is taken as the account's own, no customer's"
            )
    return notes
