"""What identifies an order and a row of a sample, when a row happened, who it belongs to, and what stands once per order.

A key is declared only where replacing by it can lose no row of the sample; in doubt files are appended, and a question says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cdp_assets.drafting.numbering import AMOUNTS, differs, order_of, reference_of
from cdp_assets.drafting.profile import PLAIN_IDS, Column
from cdp_assets.drafting.roles.role import Roles, is_id, own_id
from cdp_assets.drafting.rows.conditions import Rows, groups_of
from cdp_assets.drafting.words import Words, is_a, plain

NO_ORDER = "order_id: no column is sure to number orders, so these sales become no orders; which one does?"
MAX_NAMED = 6
LINE_ROLES = ("sku", "quantity", "unit_price", "line_amount", "line_number")


@dataclass(frozen=True)
class Keys:
    """The keys of a sample. `is_many`: several rows may be of one order; `repeated`: positions of what stands once per order, on each of
    its rows or (`filled_down`) on the first; `of_line`: what differs within an order; `contacts`: what a customer without an id is known by."""

    order: Column | None = None
    reference: Column | None = None  # the sale that a row gives back
    key: tuple[Column, ...] = ()
    rows_per_key: str = "many"
    is_many: bool = True
    moment: Column | None = None
    required: Column | None = None
    contacts: tuple[Column, ...] = ()
    repeated: frozenset[int] = frozenset()
    of_line: frozenset[int] = frozenset()
    filled_down: frozenset[int] = frozenset()
    questions: tuple[str, ...] = ()

    def is_once(self, column: Column) -> bool:
        """Whether a column stands once per order."""
        return column.position in self.repeated

    def is_of_line(self, column: Column) -> bool:
        """Whether a column's words differ within an order, beyond blank cells below its first row."""
        return column.position in self.of_line and column.position not in self.filled_down

    def is_on_each_row(self, column: Column) -> bool:
        """Whether every landed row has it: it fills each row of the file, or repeats down to the next."""
        return column.is_filled or column.position in self.filled_down

    def coverage(self, column: Column) -> float:
        return 1.0 if self.is_on_each_row(column) else column.share


def keys_of(roles: Roles, rows: Rows, words: Words, *, is_document: bool, has_period: bool) -> Keys:
    """Find the keys. `is_document`: JSON, whose lines stand inside a record; `has_period`: the file's name has a date that sorts."""
    order, said = order_of(roles, rows, words)
    reference = _reference(roles, rows, order)
    returns = roles.has("refunded_at") and not roles.has("ordered_at")
    key, per_key, why = _key(roles, rows, order, words, is_document=is_document, is_returns=returns)
    has_lines = order is not None and per_key == "many" and key in ((order,), ())
    facts = _per_order(roles, order, words) if order and has_lines else _Levels()
    first = Keys(filled_down=facts.filled_down)
    moment = moment_of(roles, first, words, "ordered_at", "refunded_at", "updated_at", is_any=True)
    contacts, known_by = _contacts(roles, order, words)
    required, undated = _required(roles, first, words, moment if order else None)
    is_sale = (roles.has("quantity", "order_status", "tender") or bool(rows.sales)) and roles.has(*AMOUNTS)
    if order is None and is_sale and moment is not None and not roles.has("spend", "refund_id"):
        said = [*said, no_order(roles)]
    is_sure = order is not None and (order in key or (order.is_unique and order.is_filled))
    questions = [
        *said,
        *why,
        *_filled_down(roles, facts, order),
        *_delivery(key, per_key, has_period=has_period),
        *known_by,
        *undated,
    ]
    return Keys(
        order,
        reference if reference is not order else None,
        key,
        per_key,
        per_key != "one" or not is_sure,
        moment,
        required,
        contacts,
        facts.repeated,
        facts.of_line,
        facts.filled_down,
        tuple(questions),
    )


def no_order(roles: Roles) -> str:
    """The question which column numbers orders, with those that may: texts or whole numbers on every row, of no other meaning."""
    free = [c for c in roles.columns if c.is_filled and len(c.distinct) > 1 and not (c.time or c.decimals)]
    named = [
        repr(c.header) for c in free if roles.role(c) in (None, "source_customer_id", "sku", "event_kind")
    ]
    return NO_ORDER.replace(
        "which one does?", f"is it one of {', '.join(named[:MAX_NAMED])}?" if named else "which one does?"
    )


def _reference(roles: Roles, rows: Rows, order: Column | None) -> Column | None:
    """The column that names the sale that a row gives back, but by another number than the order's, which the row shares with its sale."""
    named = roles.first("reference_id")
    if order is None or named is None:
        return named or (reference_of(roles, rows, order) if order else None)
    sold = rows.are_sales(len(order.texts))
    own = {text for text, is_sale in zip(order.texts, sold, strict=True) if is_sale}
    shared = {text for text, name in zip(order.texts, named.texts, strict=True) if name}
    is_other = bool(shared) and shared <= own and not set(named.filled) & set(order.filled)
    return None if is_other else named


def moment_of(roles: Roles, keys: Keys, words: Words, *wanted: str, is_any: bool = False) -> Column | None:
    """The time of these roles: an order's own before its later steps (paid, sent), one that every row has, one with a clock."""
    clocks, is_return = (
        clocks_of(roles),
        roles.has("refund_id"),
    )  # of whose rows the order's day is another one

    def rank(column: Column) -> tuple[bool, float, bool, bool, bool]:
        is_later = bool(
            re.search(words.pattern("words", "later"), column.header, re.IGNORECASE)
        )  # words run together, too
        is_day = column.time is not None and column.time.kind == "date" and column.position not in clocks
        is_naive = column.time is not None and column.time.is_naive
        is_later = is_later or words.says("later", column.header)
        is_ordered = words.says("order_word", column.header)
        return is_later, -keys.coverage(column), is_day, is_ordered == is_return, is_naive

    for role in wanted:
        if found := [c for c in roles.all(role) if c.time]:
            return min(found, key=rank)
    others = (c for c in roles.columns if c.time and roles.role(c) != "birth_date")
    return next(others, None) if is_any else None


def clocks_of(roles: Roles) -> dict[int, tuple[Column, str]]:
    """Position of a column of days → the column of clock times right after it, or the only one beside the only day, and their format."""
    own = [c for c in roles.columns if c.occurrence == 1]
    days = [c for c in own if c.time and c.time.kind == "date" and roles.role(c) != "birth_date"]
    clocks = [c for c in own if c.clock]
    pairs = [(day, clock) for day, clock in pairwise(own) if day in days and clock in clocks]
    if not pairs and len(days) == len(clocks) == 1:
        pairs = [(days[0], clocks[0])]
    return {day.position: (clock, clock.clock) for day, clock in pairs if clock.clock}


def _key(
    roles: Roles, rows: Rows, order: Column | None, words: Words, *, is_document: bool, is_returns: bool
) -> tuple[tuple[Column, ...], str, list[str]]:
    day, campaign = roles.first("ordered_at"), roles.first("campaign")
    if roles.has("spend") and day and campaign:
        pairs = list(zip(day.texts, campaign.texts, strict=True))
        return (day, campaign), "one" if len(set(pairs)) == len(pairs) else "many", []
    if dated := _dated_key(roles):
        return dated, "one", []
    if is_returns:
        return (), "many", ["the rows are returns, of which an order may have further ones in a later file"]
    if order is not None and order.is_filled and not roles.has("refund_id"):
        return _order_key(roles, rows, order, is_document=is_document)
    for column in _row_keys(roles, order):
        if column is not None and _identifies(column):
            return (column,), "one", []
    return (), "many", []


def _dated_key(roles: Roles) -> tuple[Column, ...]:
    """The article or currency and the day from which its cost or rate holds, where that tells the rows apart."""
    if roles.has("order_id", "refund_id", "quantity"):
        return ()
    since = roles.first("valid_from") or roles.first("ordered_at")
    thing = roles.first("sku") if roles.has("unit_cost") else None
    thing = thing or (roles.first("currency") if roles.has("exchange_rate") else None)
    columns = (thing, since) if thing and since and thing.is_filled and since.is_filled else ()
    pairs = list(zip(*(c.texts for c in columns), strict=True))
    return columns if len(set(pairs)) == len(pairs) else ()


def _identifies(column: Column) -> bool:
    return column.is_filled and column.is_unique


def _own_ids(roles: Roles) -> list[Column]:
    """Columns that are called an id and nothing more, outside of any object."""
    return [c for c in roles.columns if c.last_step == c.header.casefold() and c.last_step in PLAIN_IDS]


def _row_keys(roles: Roles, order: Column | None) -> list[Column | None]:
    """What may identify a row that is no order: a person's own id, the row's, a return's or a person's number, an event's."""
    inner = [c for c in roles.columns if c.last_step in PLAIN_IDS]
    if roles.has("refund_id"):
        return [*_own_ids(roles), roles.first("refund_id"), *inner, *_event_ids(roles)]
    if order is not None:
        return [*_own_ids(roles), *inner, *_event_ids(roles)]
    named = [roles.first(role) for role in ("source_customer_id", "loyalty_id", "email", "sku")]
    return [own_id(roles), *_own_ids(roles), *named, *inner, *_event_ids(roles)]


def _order_key(
    roles: Roles, rows: Rows, order: Column, *, is_document: bool
) -> tuple[tuple[Column, ...], str, list[str]]:
    own = next(filter(_identifies, _own_ids(roles)), None)
    name = repr(order.header)
    if order.is_unique and (is_document or not any(map(roles.has, LINE_ROLES))):
        return (own or order,), "one", []
    if order.is_unique:
        said = (
            f"{name}: no order of the sample has several rows; as they name articles, several are allowed, "
        )
        return (order,), "many", [said + "and amounts of an order's rows are added up"]
    if any(each.how == "in" for each in rows.refunds):
        own = own or next(filter(_identifies, _event_ids(roles)), None)
        said = f"{name}: sales and refunds stand on rows of their own, and a later file may hold further ones of an order"
        return ((own,), "one", []) if own else ((), "many", [said])
    if restarts := _restarts(roles, order):
        said = f"{name}: the same number stands on different {restarts}, so it is no key; "
        return (), "many", [said + "add what makes it unique to the key and to the staging models' order_id"]
    return (order,), "many", []


def _event_ids(roles: Roles) -> list[Column]:
    """Columns that call themselves an id and mean nothing else; a file's own small running numbers are none."""
    found = []
    for column in roles.columns:
        is_running = all(len(text) < 6 and text.isdigit() for text in column.filled)
        if is_id(column) and not is_running and roles.role(column) in (None, "event_kind", "order_id"):
            found.append(column)
    return found


def _restarts(roles: Roles, order: Column) -> str | None:
    """What differs within one number that cannot differ within one order: its day or its store."""
    groups = list(groups_of(order.texts).values())
    day, store = roles.first("ordered_at"), roles.first("store_id")
    if day and day.time and differs([re.split("[ T]", text)[0] for text in day.texts], groups):
        return "days"
    return "stores" if store and differs(store.texts, groups) else None


@dataclass(frozen=True)
class _Levels:
    repeated: frozenset[int] = frozenset()
    of_line: frozenset[int] = frozenset()
    filled_down: frozenset[int] = frozenset()


def _per_order(roles: Roles, order: Column, words: Words) -> _Levels:
    """What stands once per order: on its first row only, or the same on each row of orders of several different articles."""
    groups = [rows for rows in groups_of(order.texts).values() if len({_row(roles, row) for row in rows}) > 1]
    own = [c for c in roles.columns if c is not order and not c.is_blank and c.occurrence == 1]
    down = _on_first_rows(roles, own, groups, words)
    of_line = frozenset(c.position for c in own if _differs_in_any(c, groups))
    sure = _told_by_several(roles, own, groups)
    named = {c.position for c in own if words.says("of_line", c.header)}
    repeated = down | (sure - of_line - named)
    money = {c.position for c in own if is_a(roles.role(c), "money")} - named
    is_likely = len(money & repeated) > len(money & of_line - down)
    unsure = {c.position for c in own} - sure - down - named
    likely = unsure & (_of_order_by_name(own, words) | (money if is_likely else set()))
    return _Levels(frozenset(repeated | likely), of_line, frozenset(down))


def _told_by_several(roles: Roles, own: Sequence[Column], groups: Sequence[Sequence[int]]) -> set[int]:
    """Columns that say anything on the rows of orders of several different articles."""
    telling = [row for rows in groups if _names_several(roles, rows) for row in rows]
    return {c.position for c in own if _says_anything(c, telling)}


def _of_order_by_name(own: Sequence[Column], words: Words) -> set[int]:
    return {c.position for c in own if words.says("of_order", c.header)}


def _differs_in_any(column: Column, groups: Sequence[Sequence[int]]) -> bool:
    return any(len({column.texts[row] for row in rows}) > 1 for rows in groups)


def _says_anything(column: Column, rows: Sequence[int]) -> bool:
    """Whether a column holds more than noughts on any of the rows."""
    return any(column.texts[row].strip(" 0.,") for row in rows)


def _names_several(roles: Roles, rows: Sequence[int]) -> bool:
    """Whether an order's rows tell what is the order's: pieces of one article have equal amounts anyway."""
    articles = roles.all("sku", "product_name")
    return not articles or any(len({each.texts[row] for row in rows}) > 1 for each in articles)


def _on_first_rows(
    roles: Roles, own: Sequence[Column], groups: Sequence[Sequence[int]], words: Words
) -> set[int]:
    """Positions of columns that stand on the first row of each order only.

    One order of several rows is enough where even its time or its buyer stands on the first of them only.
    """
    firsts = [c for c in own if _is_first_only([[c.texts[row] for row in rows] for rows in groups])]
    is_enough = any(roles.role(c) in ("ordered_at", "email", "currency") for c in firsts)
    often = {c.position for c in firsts if sum(bool(c.texts[rows[0]]) for rows in groups) > 1}
    return often | {c.position for c in firsts if is_enough and not words.says("of_line", c.header)}


def _row(roles: Roles, row: int) -> tuple[str, ...]:
    """A row's texts: two rows that are equal in all are two tickets, not an order's value written twice."""
    return tuple(column.texts[row] for column in roles.columns)


def _is_first_only(cells: Sequence[Sequence[str]]) -> bool:
    return any(each[0] for each in cells) and not any(cell for each in cells for cell in each[1:])


def _filled_down(roles: Roles, levels: _Levels, order: Column | None) -> list[str]:
    found = [repr(c.header) for c in roles.columns if c.position in levels.filled_down]
    if not found or order is None:
        return []
    itself = (
        f"; rows without {order.header!r} are further lines of the one above" if order.is_continued else ""
    )
    return [
        f"fillDown: {', '.join(found)} stand on the first row of each {order.header!r} only; blank cells below repeat them{itself}"
    ]


def _delivery(key: Sequence[Column], rows_per_key: str, *, has_period: bool) -> list[str]:
    if not key:
        return [
            "delivery: no column is sure to identify a row, so files are appended, and rows that come again in another "
            f"file count twice; a new file replaces one of the same {'period' if has_period else 'file_name'}"
        ]
    rows = "one row per key" if rows_per_key == "one" else "all rows of a key come together"
    named = ", ".join(column.header for column in key)
    return [
        f"delivery: taken as delta, a newer file replaces the {named} that it holds ({rows}); "
        "say snapshot if each file is the whole, append if rows are never sent again"
    ]


def _required(
    roles: Roles, keys: Keys, words: Words, moment: Column | None
) -> tuple[Column | None, list[str]]:
    """The time of an event (`moment`: of orders, by whatever header) is required: a run takes its date from it, and a row without it is no
    order of any day."""
    if not (moment or roles.all("order_id", "refund_id", "spend", "device_id")):
        return None, []
    times = [c for c in roles.all("ordered_at", "refunded_at") if c.time] or [c for c in [moment] if c]
    chosen = moment_of(roles, keys, words, "ordered_at", "refunded_at")
    for column in sorted(times, key=lambda c: c is not chosen):
        if keys.is_on_each_row(column):
            return column, []
    if chosen is not None:
        return None, [
            f"{plain(chosen.header)!r}: not on every row, so it is not required; a run dates its events by a required time"
        ]
    return None, [
        "no time was found that dates the rows; a run dates its events by a required date or timestamp column"
    ]


def nobody(column: Column, words: Words) -> tuple[str, ...]:
    """Texts of an id that stand for no one, such as the 0 of a guest."""
    return tuple(text for text in column.distinct if words.is_whole("nobody", text))


def _contacts(roles: Roles, order: Column | None, words: Words) -> tuple[tuple[Column, ...], list[str]]:
    """Where no id names the customer, a pseudonym of the e-mail or phone does: no contact value becomes a key."""
    ids = [c for c in roles.all("source_customer_id", "loyalty_id") if not c.is_blank]
    if any(c.is_filled and not nobody(c, words) for c in ids):
        return (), []
    found = tuple(c for role in ("email", "phone", "contact", "national_id") if (c := roles.first(role)))
    handle = roles.first("named_handle")
    if handle is not None and not ids:
        return (handle,), [
            f"naturalKeys: {handle.header!r} holds a name and a user name, so a pseudonym of it is the customer's key (_key_customer)"
        ]
    has_own = own_id(roles) is not None or any(c.header.casefold() == "id" for c in roles.columns)
    named = " or else ".join(plain(column.header).lower() for column in found)
    if not found or (has_own and order is None):
        return (), []
    if ids:
        return found, [
            f"naturalKeys: not every {'order' if order else 'row'} has a {ids[0].header}, so a pseudonym of {named} is the key of the others (_key_customer)"
        ]
    return found, [
        f"naturalKeys: no column is an id of the customer, so a pseudonym of {named} is the key (_key_customer); name the id instead if there is one"
    ]
