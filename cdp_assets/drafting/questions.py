"""What a person must look at in a draft: of the whole export, of its columns, and of what nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cdp_assets.drafting.keys import no_order
from cdp_assets.drafting.rows.conditions import FEW
from cdp_assets.drafting.shapes.model import Model, is_order
from cdp_assets.drafting.table import Field, Table

MAY_UNMAKE = (
    None, "line_kind", "order_status", "after_sales", "direction", "event_kind", "is_cancelled", "is_test", "is_refund", "was_refunded",
    "amount_kind",
)  # fmt: skip
PEOPLE = ("source_customer_id", "email", "phone")
OF_ORDERS = ("order_id", "gross_amount", "ordered_at", "sku")


def questions_of(table: Table, models: Iterable[Model]) -> Iterator[str]:
    """The questions of an export, each once. `models`: those that take its rows in."""
    yield from table.questions
    for each in table.contract_fields:
        yield from each.questions
    yield from _several(table)
    if (
        table.keys.order is None
        and table.money.quantity
        and table.money.line
        and not table.roles.has("spend")
    ):
        yield no_order(table.roles)
    blank = [each.name for each in table.contract_fields if each.column.is_blank]
    if blank:
        yield f"blank in the whole sample, left as text: {', '.join(blank)}; give a type where you know it"
    personal = [each.name for each in table.contract_fields if each.classification in ("core", "sensitive")]
    yield f"classification: personal are {', '.join(personal) or 'none'}; look at every column"
    used = list(models)
    yield from _unused(table, used)
    yield from _lacking(table)
    yield from _worthless(table, used)


def _worthless(table: Table, models: Sequence[Model]) -> Iterator[str]:
    """Numbered rows of some time and of amounts, of which no order is made: which of them is its worth?"""
    is_sale = table.keys.order and table.moment and not table.roles.has("refund_id", "spend")
    left = ", ".join(f.name for f in table.contract_fields if f.is_number and f.column.decimals)
    if is_sale and left and not any(model.shape in ("orders", "order_lines", "payments") for model in models):
        yield f"gross_amount: no amount is sure to be what an order was worth, so these rows become no orders; is it one of {left}?"


def _lacking(table: Table) -> Iterator[str]:
    """What a file seems to be for and does not give: the money of a report of ads, consents in words that are not known."""
    if table.first("impressions", "clicks") and not (table.first("spend") or table.keys.order):
        amounts = ", ".join(f.name for f in table.contract_fields if f.is_number and f.role is None)
        yield f"spend: the rows count impressions or clicks; is one of {amounts or 'their columns'} what was spent?"
    for each in table.all("consent"):
        words = table.words_of(each)
        if each.logical_type == "string" and words and not any(map(table.words.consent_of, words)):
            yield f"{each.name}: named after a consent, of whose words ({', '.join(map(repr, words))}) none is understood, so it is not read"


def _several(table: Table) -> Iterator[str]:
    """Roles that several columns have; what only orders ask for is asked of orders only."""
    for role in (*PEOPLE, *(OF_ORDERS if is_order(table) else ())):
        filled = [f for f in table.all(role) if not (f.column.is_blank or f.borrowed)]
        same = [f for f in filled if f.column.header not in _joined(table)]
        if len({f.column.texts for f in same}) > 1:
            yield f"{role}: {', '.join(f.name for f in same)} all look like it; see which one the staging models take"


def _may_unmake(table: Table, each: Field) -> bool:
    """Whether one of a column's words could make a row no sale: a known word that says so, or few words that come again."""
    if each.is_time or each.classification in ("core", "sensitive"):
        return False
    if each.is_number:
        return set(each.column.distinct) == {"0", "1"}
    meanings = {table.words.status_of(word) for word in each.column.distinct}
    is_said = bool(meanings & {"cancelled", "refunded", "pending"})
    return is_said or 1 < len(each.column.distinct) < len(each.column.filled)


def _unused(table: Table, models: list[Model]) -> Iterator[str]:
    """Columns that no model uses; of those whose few words could make a row no sale, the words, too."""
    if not models:
        return
    left = _left(table, " ".join(model.used for model in models))
    doubtful = [
        f for f in left if f.role in MAY_UNMAKE and len(f.column.distinct) <= 6 and _may_unmake(table, f)
    ]
    if doubtful and is_order(table):
        told = "; ".join(f"{f.name} ({', '.join(map(repr, f.column.distinct))})" for f in doubtful)
        yield f"unused, with few words: {told}; does one of them make a row no sale, or no money of ours?"
    if is_order(table):
        yield from _states_of_items(table)
        yield from _unknown_amounts(left)
    if left:
        yield f"unused: nothing takes in {', '.join(f.name for f in left)}"


def _states_of_items(table: Table) -> Iterator[str]:
    """Words of the objects that are lines which could make one of them no sale."""
    items = next((table.field(each.source) for each in table.objects.values() if each.roles), None)
    for key, texts in items.column.elements.items() if items else ():
        said = {table.words.status_of(text) for text in texts[:FEW]} & {"cancelled", "refunded", "pending"}
        if items and said and table.words.role_of(key.split(".")[-1]) in MAY_UNMAKE:
            told = ", ".join(map(repr, texts[:FEW]))
            yield f"{items.name}: {key!r} of its objects says {told}; every object counts as sold: does one of them make a line no sale?"


def _unknown_amounts(left: Iterable[Field]) -> Iterator[str]:
    """Amounts that nothing uses and whose headers say nothing."""
    numbers = [f for f in left if f.role is None and f.is_number and not f.column.strips]
    if named := ", ".join(f.name for f in numbers if f.column.decimals):
        yield f"unused amounts of headers that are not understood: {named}; does one of them change what an order is worth?"


def _left(table: Table, used: str) -> list[Field]:
    """Filled columns whose names stand in no SQL and that no customer is known by."""
    contacts = {column.position for column in table.keys.contacts}
    named = set(re.findall(r"\w+", used))
    named |= {f.name for f in table.contract_fields if f.column.header in _joined(table)}
    named.add(str(table.facts.get("timeZoneColumn")))
    found = [f for f in table.contract_fields if not f.column.is_blank and f.name not in named]
    return [f for f in found if f.column.position not in contacts]


def _joined(table: Table) -> set[str]:
    """Headers of columns that another one takes in by sourceColumns, such as the clock time of a day."""
    return {header for f in table.contract_fields for header in f.facts.get("sourceColumns", [])[1:]}
