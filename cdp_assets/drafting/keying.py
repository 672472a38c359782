"""What identifies a row of a sample, how its files replace each other, and what stands once per order. For drafts only.

A key is declared only where replacing by it can lose no row of the sample; in doubt files are appended, and a note says so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from cdp_assets.drafting.draft_roles import Roles, order_numbers
from cdp_assets.drafting.file_names import PERIOD_GROUP
from cdp_assets.drafting.guessing import MONEY, GuessedColumn
from cdp_assets.drafting.meanings import apart
from cdp_assets.drafting.refund_drafts import sales_and_refunds
from cdp_assets.drafting.sampling import SampleColumn

LINE_ROLES = {"sku", "quantity", "unit_price", "line_amount", "line_number"}
PLAIN_IDS = ("id", "uuid", "_id")
CONTACT_PATTERN = r"[^@\s]+@[^@\s]+\.[^@\s]+|[+(]?[0-9][0-9 ()./-]{5,}"


def declare_keys(
    columns: list[GuessedColumn], texts: dict[str, SampleColumn], facts: dict[str, Any]
) -> tuple[list[str], list[str]]:
    """Names of the key's columns, and notes; `facts` gets delivery, natural keys and fill-down. `texts`: the sample's, by name."""
    notes = _bare_number(columns, texts) + _references(columns, texts) + _shared_numbers(columns, texts)
    key, rows_per_key, keyed = _key(columns, texts, is_document=facts.get("format") in ("json", "ndjson"))
    notes += keyed
    if rows_per_key == "many" and len(key) == 1:
        notes += _per_order(columns, texts, key[0], facts)
    facts |= _delivery(facts, key, rows_per_key, columns)
    if key:
        rows = "one row per key" if rows_per_key == "one" else "all rows of a key come together"
        notes.append(
            f"delivery: taken as delta, a newer file replaces the {', '.join(key)} that it holds ({rows}); "
            "say snapshot if each file is the whole, append if rows are never sent again"
        )
    else:
        notes.append(
            "delivery: no column is sure to identify a row, so files are appended, and rows that come again in another "
            f"file count twice; a new file replaces one of the same {facts['replaces']}"
        )
    notes += _natural_key(columns, facts)
    notes += _dated(columns, texts)
    return key, notes


def _key(
    columns: list[GuessedColumn], texts: dict[str, SampleColumn], *, is_document: bool
) -> tuple[list[str], str, list[str]]:
    roles = {column.role: column.name for column in reversed(columns) if not column.is_blank}
    spend = [roles.get(role) for role in ("ordered_at", "campaign", "spend")]
    if all(spend):
        key = [name for name in spend[:2] if name]
        rows = list(zip(*(texts[name].values for name in key), strict=True))
        return key, "one" if len(set(rows)) == len(rows) else "many", []
    own = [column.name for column in columns if _last_step(column) == column.header.casefold()]
    own = [name for name in own if texts[name].header.casefold() in PLAIN_IDS]
    plain = next((name for name in own if _is_filled(texts[name]) and _is_unique(texts[name])), None)
    numbers = [column.name for column in order_numbers(columns)]
    order = next(iter(numbers), None) if "refund_id" not in roles else None
    if "refunded_at" in roles and "ordered_at" not in roles:
        return [], "many", ["the rows are returns, of which an order may have further ones in a later file"]
    if order and _is_filled(texts[order]):
        if _is_unique(texts[order]):
            if not is_document and LINE_ROLES & roles.keys():
                note = f"{order}: no order of the sample has several rows; as they name articles, several are allowed, "
                return [order], "many", [note + "and amounts of an order's rows are added up"]
            return [plain or order], "one", []
        if all(_kinds(columns, texts)):
            note = f"{order}: sales and refunds stand on rows of their own, and a later file may hold further ones of an order"
            return [], "many", [note]
        if restarts := _restarts(columns, texts, order):
            note = f"{order}: the same number stands on different {restarts}, so it is no key; "
            return (
                [],
                "many",
                [note + "add what makes it unique to the key and to the staging models' order_id"],
            )
        return [order], "many", []
    candidates = (
        ["refund_id"] if "refund_id" in roles else ["source_customer_id", "loyalty_id", "email", "sku"]
    )
    named = [roles[role] for role in candidates if role in roles] if order is None else []
    inner = [column.name for column in columns if _last_step(column) in PLAIN_IDS]
    person = Roles(columns).own_id() if order is None else None
    for name in [*([person] if person else []), *own, *named, *inner, *_event_ids(columns, texts)]:
        if _is_filled(texts[name]) and _is_unique(texts[name]):
            return [name], "one", []
    return [], "many", []


def _references(columns: list[GuessedColumn], texts: dict[str, SampleColumn]) -> list[str]:
    """A column whose texts are all other rows' order numbers names the sale that its row gives back."""
    order = next(iter(order_numbers(columns)), None)
    if order is None:
        return []
    own = [value.strip() for value in texts[order.name].values]
    for column in columns:
        named = [value.strip() for value in texts[column.name].values]
        pairs = [(name, number) for name, number in zip(named, own, strict=True) if name]
        if column is order or not pairs or column.is_filled:
            continue
        if all(name in own and name != number for name, number in pairs):
            column.role, column.logical_type, column.facts = "reference_id", "string", {}
            return [
                f"{column.name}: holds numbers of other rows, so it is taken as the sale that a row gives back"
            ]
    return []


def _shared_numbers(columns: list[GuessedColumn], texts: dict[str, SampleColumn]) -> list[str]:
    """Among sales and refunds that a word tells apart, the order's number is one that a refund shares with its sale."""
    kind, chosen = Roles(columns).filled("line_kind"), Roles(columns).order_id()
    if kind is None or chosen is None or any(c.role == "reference_id" for c in columns):
        return []
    sales, refunds = _kinds(columns, texts)

    def numbers(name: str, words: list[str]) -> list[str]:
        return [n for n, k in zip(texts[name].values, texts[kind].values, strict=True) if k.strip() in words]

    def is_shared(name: str) -> bool:
        sold = numbers(name, sales)
        return all(sold) and not set(sold).isdisjoint(filter(None, numbers(name, refunds)))

    named = [c.name for c in columns if re.search(r"(^|[^a-z])id\W*$", apart(c.header), re.IGNORECASE)]
    others = [c.name for c in order_numbers(columns)] + [n for n in named if "customer" not in n]
    if not sales or not refunds or is_shared(chosen):
        return []
    shared = next(filter(is_shared, others), None)
    for column in columns:
        if shared and (column.name == shared or column.role == "order_id"):
            column.role = "order_id" if column.name == shared else None
    return (
        [f"{shared}: a refund shares it with its sale, so it is taken as the order's number"]
        if shared
        else []
    )


def _kinds(columns: list[GuessedColumn], texts: dict[str, SampleColumn]) -> tuple[list[str], list[str]]:
    """The words of sales and of refunds, where a column tells rows apart by them."""
    kind = Roles(columns).filled("line_kind")
    return sales_and_refunds(sorted(set(texts[kind].filled))) if kind else ([], [])


def _bare_number(columns: list[GuessedColumn], texts: dict[str, SampleColumn]) -> list[str]:
    """Where no column names an order, a bare "code" or "number" is the order's, if its rows share their time and it tells them from others."""
    roles = {column.role for column in columns}
    moment = next(
        (c.name for c in columns if c.role == "ordered_at" and c.logical_type in ("date", "timestamp")), None
    )
    if moment is None or "order_id" in roles or not {"gross_amount", "unit_price", "line_amount"} & roles:
        return []
    if not {"sku", "product_name"} & roles:
        return []
    for column in columns:
        if not re.fullmatch(
            r"code|kod|kód|number|no|nr|name|reference|document", column.header, re.IGNORECASE
        ):
            continue
        groups = _groups(texts, column.name)
        times = texts[moment].values
        if column.is_filled and groups and all(len({times[row] for row in rows}) == 1 for rows in groups):
            column.role, column.logical_type, column.facts = "order_id", "string", {}
            return [
                f"{column.name}: rows that share it share their time, so it is taken as the order's number"
            ]
    return []


def _event_ids(columns: list[GuessedColumn], texts: dict[str, SampleColumn]) -> list[str]:
    """Columns that call themselves an id and mean nothing else; a file's own small running numbers are none."""
    found = []
    for column in columns:
        is_id = re.search(
            r"(^|[^a-z])u?u?id$|^id[ _]", apart(column.header), re.IGNORECASE
        ) and column.role in (
            None,
            "event_kind",
        )
        if is_id and not all(len(text) < 6 and text.isdigit() for text in texts[column.name].filled):
            found.append(column.name)
    return found


def _last_step(column: GuessedColumn) -> str:
    return column.header.casefold().split(".")[-1]


def _is_filled(column: SampleColumn) -> bool:
    return bool(column.values) and len(column.filled) == len(column.values)


def _is_unique(column: SampleColumn) -> bool:
    return len(set(column.filled)) == len(column.filled)


def _groups(texts: dict[str, SampleColumn], key: str) -> list[list[int]]:
    """Row positions of each key that has several rows."""
    found: dict[str, list[int]] = defaultdict(list)
    for position, value in enumerate(texts[key].values):
        found[value.strip()].append(position)
    return [rows for rows in found.values() if len(rows) > 1]


def _restarts(columns: list[GuessedColumn], texts: dict[str, SampleColumn], order: str) -> str | None:
    """What differs within one number that cannot differ within one order: its day or its store."""
    for role, word in (("ordered_at", "days"), ("store_id", "stores")):
        column = next((c for c in columns if c.role == role and not c.is_blank), None)
        if column is None or (role == "ordered_at" and column.logical_type not in ("date", "timestamp")):
            continue
        values = texts[column.name].values
        days = [value.split(" ")[0].split("T")[0] if role == "ordered_at" else value for value in values]
        different = sum(len({days[row] for row in rows if days[row]}) > 1 for rows in _groups(texts, order))
        if different > len(_groups(texts, order)) / 4:
            return word
    return None


def _per_order(
    columns: list[GuessedColumn], texts: dict[str, SampleColumn], key: str, facts: dict[str, Any]
) -> list[str]:
    """Mark values that stand once per order: on its first row only (declared as fillDown), or the same on each."""
    groups = [rows for rows in _groups(texts, key) if not _are_equal(texts, rows)]
    cells = {
        c.name: [[texts[c.name].values[row].strip() for row in rows] for rows in groups] for c in columns
    }
    article = next((c.name for c in columns if c.role in ("sku", "product_name") and not c.is_blank), None)
    # pieces of one article have equal amounts anyway: only orders of several tell what is the order's
    tells = [article is None or len({texts[article].values[row] for row in rows}) > 1 for rows in groups]
    own = [c for c in columns if c.name != key and not c.is_blank and not c.facts.get("occurrence")]
    first_only = [c for c in own if _is_first_only(cells[c.name])]
    # one order of several rows is enough where even its time or its buyer stands on the first of them only
    is_enough = any(c.role in ("ordered_at", "email", "currency") for c in first_only)
    unsure = []
    for column in own:
        rows = cells[column.name]
        column.is_of_line = any(len(set(each)) > 1 for each in rows)
        firsts = sum(bool(each[0]) for each in rows)
        if column in first_only and (firsts > 1 or (is_enough and not _is_named_after_line(column))):
            column.facts["fillDown"] = True
            column.is_repeated = True
        elif not any(
            cell.strip(" 0.,") for each, told in zip(rows, tells, strict=True) if told for cell in each
        ):
            unsure.append(column)
        elif not column.is_of_line:
            column.is_repeated = not _is_named_after_line(column)
    for column in unsure:
        column.is_repeated = _is_likely_repeated(column, own)
    filled_down = [column.name for column in own if column.facts.get("fillDown")]
    if not filled_down:
        return []
    facts["fillDownKey"] = key
    return [
        f"fillDown: {', '.join(filled_down)} stand on the first row of each {key} only; blank cells below repeat them"
    ]


def _are_equal(texts: dict[str, SampleColumn], rows: list[int]) -> bool:
    """Whether an order's rows are the same in every column: two tickets, not an order's value written twice."""
    return len({tuple(column.values[row] for column in texts.values()) for row in rows}) == 1


def _is_first_only(cells: list[list[str]]) -> bool:
    return any(each[0] for each in cells) and not any(cell for each in cells for cell in each[1:])


def _words(column: GuessedColumn) -> str:
    return re.sub(r"[\W_]+", " ", apart(column.header))


def _is_named_after_line(column: GuessedColumn) -> bool:
    return bool(
        re.search(r"\b(line|line ?item|item|unit|piece|each|sku|product)\b", _words(column), re.IGNORECASE)
    )


def _is_likely_repeated(column: GuessedColumn, others: list[GuessedColumn]) -> bool:
    """Of what no order of several rows fills: by its name, else as most amounts of the file that name no line."""
    if _is_named_after_line(column):
        return False
    if re.match(r"(order|cart|basket|grand)\b", _words(column), re.IGNORECASE):
        return True
    known = [c for c in others if c.role in MONEY and not _is_named_after_line(c)]
    repeated, own = (sum(getattr(c, name) for c in known) for name in ("is_repeated", "is_of_line"))
    return column.role in MONEY and repeated > own


def _delivery(
    facts: dict[str, Any], key: list[str], rows_per_key: str, columns: list[GuessedColumn]
) -> dict[str, Any]:
    if key:
        version = next(
            (c.name for c in columns if c.role == "updated_at" and c.logical_type == "timestamp"), None
        )
        extra = {"versionColumn": version} if version else {}
        return {"delivery": "delta", "replaces": "key", "rowsPerKey": rows_per_key, **extra}
    return {
        "delivery": "append",
        "replaces": "period" if PERIOD_GROUP in facts["filePattern"] else "file_name",
    }


def _dated(columns: list[GuessedColumn], texts: dict[str, SampleColumn]) -> list[str]:
    """The time of an event is required: a run takes its date from it, and a row without it is no order of any day."""
    if not any(c.role in ("order_id", "refund_id", "spend", "device_id") for c in columns):
        return []
    times = [
        c
        for c in columns
        if c.role in ("ordered_at", "refunded_at")
        and c.logical_type in ("date", "timestamp")
        and not c.is_blank
    ]
    chosen = Roles(times).time("ordered_at", "refunded_at")
    for column in sorted(times, key=lambda c: c.name != chosen):
        if _is_filled(texts[column.name]) or column.facts.get("fillDown"):
            column.required = True
            return []
    if chosen:
        return [
            f"{chosen}: not on every row, so it is not required; a run dates its events by a required time"
        ]
    return [
        "no time was found that dates the rows; a run dates its events by a required date or timestamp column"
    ]


def _natural_key(columns: list[GuessedColumn], facts: dict[str, Any]) -> list[str]:
    """Where no id names the customer, a pseudonym of the e-mail or phone does: no contact value becomes a key."""
    named = [c for c in columns if not c.is_blank]
    ids = [c for c in named if c.role in ("source_customer_id", "loyalty_id")]
    is_order = any(c.role == "order_id" for c in named)
    if any(c.is_filled and not c.nobody for c in ids) or (ids and not is_order):
        return []
    contacts = [
        next((c.name for c in named if c.role == role), None)
        for role in ("email", "phone", "contact", "national_id")
    ]
    found = [name for name in contacts if name]
    handle = next((c.name for c in named if c.role == "named_handle"), None)
    if handle:
        facts["naturalKeys"] = [{"name": "customer", "columns": [handle]}]
        return [
            f"naturalKeys: {handle} holds a name and a user name, so a pseudonym of it is the customer's key (_key_customer)"
        ]
    has_own = Roles(columns).own_id() or any(c.header.casefold() == "id" for c in named)
    if not found or (has_own and Roles(columns).order_id() is None):
        return []
    facts["naturalKeys"] = [{"name": "customer", "columns": found, "pattern": CONTACT_PATTERN}]
    if ids:
        return [
            f"naturalKeys: not every order has a {ids[0].name}, so a pseudonym of {' or else '.join(found)} is the key of the others "
            "(_key_customer)"
        ]
    return [
        f"naturalKeys: no column is an id of the customer, so a pseudonym of {' or else '.join(found)} is the key "
        "(_key_customer); name the id instead if there is one"
    ]
