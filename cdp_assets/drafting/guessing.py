"""From a column's header and texts to its declaration: name, type, rules, classification and meaning. For drafts only.

What a header means stands in `meanings`; dates are read by `dating`, numbers by `numbering`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import duckdb
from anyascii import anyascii
from pypinyin import lazy_pinyin

from cdp_assets.drafting import dating, numbering
from cdp_assets.drafting.meanings import TEXT_ROLES, apart, classification_of, role_of
from cdp_assets.drafting.sampling import SampleColumn

NULL_TOKENS = {
    "-", "--", "——", "—", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan", "(null)", "(No value)", "(not set)", "\\N",
    "無", "无",
}  # fmt: skip
MONEY = {
    "gross_amount", "line_amount", "discount_amount", "shipping_amount", "tax_amount", "spend", "refund_amount", "unit_price",
    "unit_cost",
}  # fmt: skip
BOOLEANS = [
    ({"true", "yes", "y", "t"}, {"false", "no", "n", "f"}),
    ({"是"}, {"否"}),
    ({"ja", "oui", "si", "sí"}, {"nein", "non", "no"}),
]
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$")
_PHONE = re.compile(r"^'?(\+\d[\d ()./-]{6,}|\(\+?\d+\)[\d ./-]{5,}|1[3-9]\d{9})$")
_UUID = re.compile(r"^\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$", re.IGNORECASE)
_TRAILING_MINUS = re.compile(r"^(\d[\d.,]*)-$")
_CJK = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


@dataclass
class GuessedColumn:
    """A drafted column: its ODCS fields, its meaning if one was recognised, and what a person must decide.

    `is_blank`: no text in the sample; `is_filled`: a text on every row, else `share` of them; `is_unique`: never the same twice;
    `is_uuid`: every text is one; `is_naive`: times without a zone; `is_repeated`: an order-level value, the same on
    all rows of a key; `is_negative`: an amount that the file writes with a minus;
    `is_mixed`: now with a minus, now without; `is_of_line`: differs between rows of one key; `elements`: keys of the objects in a JSON array;
    `nobody`: texts of an id that stand for no one, such as the 0 of a guest.
    """

    name: str
    header: str
    logical_type: str
    classification: str
    role: str | None
    facts: dict[str, Any] = field(default_factory=dict)
    required: bool = False
    is_blank: bool = False
    is_filled: bool = False
    share: float = 0.0
    is_unique: bool = False
    is_uuid: bool = False
    is_naive: bool = False
    is_repeated: bool = False
    is_negative: bool = False
    is_mixed: bool = False
    is_of_line: bool = False
    elements: list[str] = field(default_factory=list)
    nobody: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)

    @property
    def stands_on_each_row(self) -> bool:
        """Whether every landed row has it: it fills each row of the file, or repeats down to the next."""
        return self.is_filled or bool(self.facts.get("fillDown"))

    @property
    def coverage(self) -> float:
        """The share of landed rows that have it."""
        return 1.0 if self.stands_on_each_row else self.share


def guess_columns(
    used: list[SampleColumn], facts: dict[str, Any], titles: Sequence[str] = ()
) -> tuple[list[GuessedColumn], list[str]]:
    """Declare every column of a sample (`Sample.used`, `Sample.titles`); `facts` gets export-wide marks (decimal, nulls …).

    Returns the columns and notes on the whole export.
    """
    taken: set[str] = set()
    guessed = [_named(column, taken, facts) for column in used]
    _part_states(guessed)
    _part_names(guessed)
    texts = [_bare(column, each, facts) for column, each in zip(used, guessed, strict=True)]
    marks, notes = numbering.choose_marks(
        [each for each, column in zip(texts, guessed, strict=True) if column.role not in TEXT_ROLES], facts
    )
    facts |= marks
    day_order = dating.day_order(texts, titles)
    for column, each, bare in zip(used, guessed, texts, strict=True):
        _set_type(column, each, bare, facts, day_order)
    notes += dating.join_times(used, guessed)
    notes += dating.declare_zone_column(used, guessed, facts)
    if "nullTokens" in facts:
        facts["nullTokens"] = sorted(facts["nullTokens"])
    return guessed, notes


def _part_states(guessed: list[GuessedColumn]) -> None:
    """A "State" beside a city, be it the order's or the buyer's, is a part of an address, not an order's state."""
    places = {c.header.casefold() for c in guessed}
    has_place = any(column.role in ("city", "postcode") for column in guessed)
    for column in guessed:
        header = column.header.casefold()
        is_beside = header.endswith("state") and header.removesuffix("state") + "city" in places
        if column.role in ("order_status", "region") and (is_beside or (header == "state" and has_place)):
            column.role, column.classification = "region", classification_of("region")


def _part_names(guessed: list[GuessedColumn]) -> None:
    """A bare "Name" is an article's in a list of articles, a page's or an event's in a log of visits, where no person is named
    otherwise; beside the other half of a person's name it is one half.
    """
    roles = {column.role for column in guessed}
    halves = roles & {"given_name", "family_name"}
    if "full_name" in roles and len(halves) == 1:
        other = ({"given_name", "family_name"} - halves).pop()
        for column in guessed:
            if column.role == "full_name" and re.fullmatch(r"(?!full)\w+", column.header, re.IGNORECASE):
                column.role = other
    if "given_name" in roles and "family_name" not in roles:
        for column in guessed:
            if column.header.casefold() == "nombre":
                column.role = "full_name"
    if "device_id" in roles and not halves:
        for column in guessed:
            if column.header.casefold() == "name":
                column.role, column.classification = None, classification_of(None)
    if "sku" in roles and not roles & {"email", "phone", "order_id", "source_customer_id", "given_name"}:
        for column in guessed:
            if column.header.casefold() == "name":
                column.role, column.classification = "product_name", classification_of("product_name")


def _named(column: SampleColumn, taken: set[str], facts: dict[str, Any]) -> GuessedColumn:
    role = _role(column, is_path=facts.get("format") in ("json", "ndjson"))
    name = _unique(column_name(column.header, role), taken)
    guessed = GuessedColumn(name, column.header, "string", classification_of(role), role)
    guessed.is_uuid = bool(column.filled) and all(_UUID.match(text) for text in column.filled)
    if column.occurrence > 1:
        guessed.facts["occurrence"] = column.occurrence
    if not column.header:
        guessed.undecided.append(f"{name}: the header text is blank although the column is filled")
    return guessed


def _bare(column: SampleColumn, guessed: GuessedColumn, facts: dict[str, Any]) -> list[str]:
    """The column's texts without null tokens and decorations, both declared on the way; in the sample null tokens become blanks."""
    nulls = {value for value in column.filled if value in NULL_TOKENS}
    if nulls:
        facts.setdefault("nullTokens", set()).update(nulls)
    column.values = ["" if value.strip() in NULL_TOKENS else value for value in column.values]
    values = column.filled
    guessed.is_filled = bool(column.values) and len(values) == len(column.values)
    guessed.share = len(values) / max(1, len(column.values))
    guessed.is_unique = len(set(values)) == len(values)
    return _strip(values, guessed, facts)


def column_name(header: str, role: str | None = None) -> str:
    """Our snake_case ASCII name for a header text; a Chinese or Japanese one is named by its meaning, else spelled."""
    if role and _CJK.search(header):
        return role
    spaced = apart(header, "_")
    spelled = "_".join(lazy_pinyin(spaced)) if re.search("[\u4e00-\u9fff]", spaced) else spaced
    marked = anyascii(spelled).lower().replace("%", " percent ").replace("#", " number ")
    name = re.sub(r"[^0-9a-z]+", "_", marked).strip("_") or "column"
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


def _role(column: SampleColumn, *, is_path: bool) -> str | None:
    filled = column.filled[:200]
    if filled and sum(bool(_EMAIL.match(value)) for value in filled) > len(filled) * 0.8:
        return "email"
    if not is_path or "." not in column.header:
        return _seen_role(role_of(column.header), filled)
    steps = column.header.split(".")
    whole = role_of(" ".join(steps))
    if whole and whole.startswith("recipient"):
        return whole
    return _seen_role(role_of(steps[-1]) or role_of(" ".join(steps[-2:])), filled)


def _seen_role(role: str | None, filled: list[str]) -> str | None:
    """A header's meaning after a look at its texts: a "customer number" may be a phone, "loyalty" a tier's name."""
    if role in ("source_customer_id", "loyalty_id") and filled:
        phones = sum(bool(_PHONE.match(value)) for value in filled)
        if phones > len(filled) * 0.8:
            return "phone"
        if role == "loyalty_id" and not any(re.search(r"\d", value) for value in filled):
            return "loyalty_tier"
        handles = sum(bool(re.search(r"\s\(\S+\)$", value)) for value in filled)
        if handles > len(filled) * 0.8:
            return "named_handle"
        if sum(" " in value for value in filled) > len(filled) * 0.5:
            return "full_name"
    return role


def _strip(values: list[str], guessed: GuessedColumn, facts: dict[str, Any]) -> list[str]:
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
    is_signed_behind = any(_TRAILING_MINUS.match(value) for value in values)
    if is_signed_behind and all(re.fullmatch(r"\d[\d.,]*-?", value) for value in values):
        strips.append("trailing_minus")
        values = [_TRAILING_MINUS.sub(r"-\1", value) for value in values]
    bare, symbols = numbering.without_currency(values)
    if bare != values:
        strips.append("currency")
        values = bare
        known = facts.get("currencySymbols", [])
        if unknown := [each for each in symbols if each not in numbering.SYMBOLS and each not in known]:
            facts["currencySymbols"] = [*(known or numbering.SYMBOLS), *unknown]
    if "percent" in strips and guessed.role in MONEY:
        guessed.role = None  # a share is no amount
    if guessed.role in TEXT_ROLES and values and all(re.match(r"^\d+\.0+$", value) for value in values):
        strips.append("decimal_zero")
    if strips:
        guessed.facts["strip"] = strips
    return values


def _set_type(
    column: SampleColumn,
    guessed: GuessedColumn,
    texts: list[str],
    facts: dict[str, Any],
    day_order: tuple[str | None, bool],
) -> None:
    if not texts:
        guessed.is_blank = True
    elif all(text.startswith("[{") for text in texts):
        _set_elements(texts, guessed)
    elif guessed.role not in TEXT_ROLES and not _set_boolean(texts, guessed):
        if dating.set_time(texts, guessed, day_order[0], is_sure=day_order[1]):
            if guessed.role == "birth_date":
                guessed.logical_type, guessed.is_naive = "date", False  # its clock says nothing
            return
        if _set_number(texts, guessed, facts):
            return
        if guessed.role in ("ordered_at", "updated_at", "birth_date") and any(
            re.search(r"\d", t) for t in texts
        ):
            guessed.undecided.append(
                f"{guessed.name}: by its name a time, but no known format reads it: it stays text; give its type and formats"
            )
        elif guessed.role in MONEY and guessed.role != "refund_amount":
            guessed.undecided.append(f"{guessed.name}: by its name an amount, but not all texts are numbers")
    if guessed.logical_type == "string" and column.has_numbers:
        guessed.facts["numberAsText"] = True
        guessed.undecided.append(
            f"{guessed.name}: the workbook holds numbers where text is meant; they land as text (numberAsText), "
            "but leading zeros are lost already: have the column exported as text"
        )


def _set_elements(texts: list[str], guessed: GuessedColumn) -> None:
    """A JSON array of objects: landed as its text; its keys decide how personal it is."""
    keys: dict[str, None] = {}
    for text in texts[:50]:
        for element in json.loads(text):
            keys |= dict.fromkeys(element if isinstance(element, dict) else ())
    guessed.elements = list(keys)
    ranks = ["public", "internal", "sensitive", "core"]
    found = [classification_of(role_of(key)) for key in keys]
    guessed.classification = max(["internal", *found], key=ranks.index)


def _set_boolean(texts: list[str], guessed: GuessedColumn) -> bool:
    seen = {text.lower() for text in texts}
    if guessed.role in ("consent", "is_cancelled", "is_refund", "was_refunded") and seen <= {"0", "1"}:
        guessed.logical_type = "boolean"
        return True
    for yes, no in BOOLEANS:
        if seen <= yes | no:
            guessed.logical_type = "boolean"
            if not seen <= {"true", "yes", "y", "t", "1", "false", "no", "n", "f", "0"}:
                guessed.facts |= {"trueValues": sorted(yes), "falseValues": sorted(no)}
            return True
    return False


def _set_number(texts: list[str], guessed: GuessedColumn, facts: dict[str, Any]) -> bool:
    digits = numbering.decimals(texts, facts)
    if digits is None:
        return False
    has_leading_zero = any(re.match(r"^[+-]?0\d", text) for text in texts)
    longest = max(len(re.sub(r"\D", "", text)) for text in texts)
    if has_leading_zero or longest > 17:
        return True  # a number by its looks, an id by its zeros or length: it stays text
    if digits == 0 and guessed.role not in MONEY | {"quantity"}:
        guessed.logical_type = "integer"
        return True
    guessed.logical_type = "number"
    is_total = guessed.role in MONEY - {"unit_price", "unit_cost", "line_amount"}
    guessed.facts["scale"] = 2 if is_total and digits <= 2 else 6
    if digits > 6:
        guessed.facts["scale"] = min(digits, 12)
        guessed.undecided.append(
            f"{guessed.name}: up to {digits} decimals were seen; choose the scale to keep"
        )
    return True
