"""Objects inside cells, a JSON array or packed parts: an order's lines among them; what they add up to is a number of their row."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import permutations

from cdp_assets.drafting.profile import ELEMENTS, Column
from cdp_assets.drafting.roles.role import Role, Roles
from cdp_assets.drafting.rows.conditions import FEW, PARTS
from cdp_assets.drafting.rows.kinds import part_of
from cdp_assets.drafting.sample import flatten
from cdp_assets.drafting.words import Words, is_a

OBJECTS = 20_100  # positions of what they add up to begin here
OUTSIDE: dict[str | None, str | None] = {
    "line_amount": "gross_amount",
    "unit_price": None,
    "quantity": None,
}  # beside lines
OF_LINES = {"sku", "product_name", "quantity", "unit_price"}
_LOCALE = re.compile(r"\.[a-z]{2}([_-][A-Za-z]{2})?$")


@dataclass(frozen=True)
class Objects:
    """The objects in a column's cells: of each the product of `keys` counts. `kind`: a key and its words, without which an object counts
    nothing; `roles`: what other keys of lines mean; `marks`: what parts packed records, and their parts, and the decimal mark."""

    source: Column
    keys: tuple[str, ...]
    kind: tuple[str, list[str]] | None = None
    roles: Mapping[str, str] | None = None
    marks: tuple[str, ...] = ()

    def sql(self, name: str) -> str:
        """What the objects in the column of this name add up to."""
        if self.marks:
            return f"{{{{ packed_total('{name}', {list(self.marks)}, {list(self.keys)}) }}}}"
        kind = f", {self.kind!r}" if self.kind else ""
        return f"{{{{ element_total('{name}', {list(self.keys)}{kind}) }}}}"

    def total(self, text: str) -> Decimal | None:
        return sum(map(self._amount, records_of(text, self.marks)), Decimal(0)) if text else None

    def _amount(self, record: Mapping[str, str]) -> Decimal:
        is_counted = self.kind is None or record.get(self.kind[0]) in self.kind[1]
        found = [_number(record.get(key, ""), self.marks) for key in self.keys] if is_counted else [None]
        product = Decimal(1)
        for value in found:
            product *= value or 0
        return product


def with_objects(roles: Roles, words: Words, point: str) -> tuple[Roles, dict[int, Objects]]:
    """The roles with those of numbers that objects in cells add up to, and the objects of each by its position."""
    made: dict[int, Objects] = {}
    votes: dict[int, Role] = {}
    for position, (role, objects) in enumerate(_found(roles, words, point), start=OBJECTS):
        numbers = tuple(map(objects.total, objects.source.texts))
        texts = tuple("" if value is None else str(value) for value in numbers)
        header = " ".join([objects.source.header, *objects.keys])
        column = Column(position, header, 1, role, texts, texts, decimals=2, numbers=numbers)
        made[position], votes[position] = objects, Role(column, role, "its objects add up to it")
    if any(objects.roles for objects in made.values()):
        outer = [(column, roles.role(column)) for column in roles.columns]
        votes |= {c.position: Role(c, OUTSIDE[role], "the order's") for c, role in outer if role in OUTSIDE}
    columns = (*roles.columns, *(votes[position].column for position in made))
    return Roles(columns, {**roles.by_position, **votes}), made


def _found(roles: Roles, words: Words, point: str) -> Iterator[tuple[str, Objects]]:
    """Role → objects: goods, shipping and discounts of an order's lines, and arrays of one amount each."""
    items = next((c for c in roles.columns if _are_lines(c, words, point)), None)
    if items:
        yield from _of_lines(items, words, separators(items, point) if items.is_packed else ())
    for column in roles.columns:
        keys = tuple(k for k in column.elements if is_a(words.role_of(k.split(".")[-1]), "money"))
        if column is not items and len(keys) == 1:
            yield from _of_amounts(column, keys, roles.role(column), words)


def _of_amounts(
    column: Column, keys: tuple[str, ...], role: str | None, words: Words
) -> Iterator[tuple[str, Objects]]:
    """An array of amounts: of several kinds, as a word of each says, or all of what its header says."""
    kind, parts = _kinds_of(column, words, set(column.elements) - set(keys))
    if len(parts) > 1:
        yield from ((f"{part}_amount", Objects(column, keys, (kind, said))) for part, said in parts.items())
    elif role and is_a(role, "money"):
        yield role, Objects(column, keys)


def _are_lines(column: Column, words: Words, point: str) -> bool:
    """Whether objects or packed parts are an order's lines."""
    is_parted = bool(column.elements) and (not column.is_packed or bool(separators(column, point)))
    return is_parted and len({words.role_of(key) for key in column.elements} & OF_LINES) > 1


def _of_lines(items: Column, words: Words, marks: tuple[str, ...]) -> Iterator[tuple[str, Objects]]:
    roles = _roles_of(items, words, marks)
    keys = _amount_keys(items, roles, words)
    named = {key: words.role_of(key.split(".")[-1]) for key in items.elements}
    kinds = {key for key, role in named.items() if role in ("line_kind", "product_kind")}
    kind, parts = _kinds_of(items, words, kinds)
    if not keys:
        return
    others = [word for each in parts.values() for word in each]
    goods = [word for word in items.elements[kind] if word not in others] if kind and others else []
    yield "line_amount", Objects(items, keys, (kind, goods) if goods else None, roles, marks)
    for part in ("shipping", "discount") if goods else ():
        if part in parts:
            yield f"{part}_amount", Objects(items, keys, (kind, parts[part]), roles, marks)


def _kinds_of(items: Column, words: Words, kinds: Collection[str]) -> tuple[str, dict[str, list[str]]]:
    """The first of some keys that says of what kind an object is, and its words of what is no goods."""
    key = next((key for key in items.elements if key in kinds and 1 < len(items.elements[key]) <= FEW), "")
    parts: dict[str, list[str]] = {}
    for word in items.elements.get(key, ()):
        if (part := part_of(word, words)) in PARTS:
            parts.setdefault(part or "", []).append(word)
    return key, parts


def _roles_of(items: Column, words: Words, marks: tuple[str, ...]) -> dict[str, str]:
    """Role → key of the objects or parts; of several the first, but what is quantity × another amount is the line's."""
    ranked = sorted(items.elements, key=lambda key: not words.says("own_sku", key))
    keys = {role: key for key in reversed(ranked) if (role := words.role_of(_LOCALE.sub("", key)))}
    keys = {"product_name": keys["full_name"], **keys} if "full_name" in keys else keys
    records = [each for text in items.bare[:ELEMENTS] for each in records_of(text, marks)]
    return keys | _by_pieces(items, keys.get("quantity"), records, words, marks)


def _by_pieces(
    items: Column,
    quantity: str | None,
    records: Sequence[Mapping[str, str]],
    words: Words,
    marks: tuple[str, ...],
) -> dict[str, str]:
    """Of two amounts one that is quantity × the other is the line's, and that is a piece's price."""
    wholes = [k for k in items.elements if words.role_of(k) in ("line_amount", "gross_amount", "unit_price")]
    pairs = permutations(wholes, 2) if quantity else ()
    found = (pair for pair in pairs if _is_product(records, (str(quantity), *pair), marks))
    return next(({"unit_price": price, "line_amount": line} for price, line in found), {})


def _is_product(records: Sequence[Mapping[str, str]], keys: tuple[str, ...], marks: tuple[str, ...]) -> bool:
    """Whether of the amounts of three keys the last is always the product of the others, of several pieces, too."""
    told = [[_number(each.get(key, ""), marks) or 0 for key in keys] for each in records]
    told = [each for each in told if all(each)]
    return any(q != 1 for q, _, _ in told) and all(q * p == whole for q, p, whole in told)


def _amount_keys(items: Column, keys: Mapping[str, str], words: Words) -> tuple[str, ...]:
    """Keys whose product is the line's amount; none where nothing says it."""
    wholes = [k for k in items.elements if words.role_of(k) in ("line_amount", "gross_amount")]
    before = [key for key in wholes if words.says("before", key)]
    if before and len(wholes) > 1:  # the others are after a discount
        return tuple(before[:1])
    if "line_amount" in keys:
        return (keys["line_amount"],)
    if "unit_price" in keys:
        return tuple(keys[role] for role in ("quantity", "unit_price") if role in keys)
    return (keys["gross_amount"],) if "gross_amount" in keys else ()


def records_of(text: str, marks: Sequence[str]) -> list[dict[str, str]]:
    """The objects in a cell as texts by their keys."""
    if not marks:
        return [flatten(each) for each in json.loads(text or "[]") if isinstance(each, dict)]
    split = (re.split(rf"[{re.escape(marks[1])}](?= *[^\W\d])", each) for each in text.split(marks[0]))
    pairs = ([re.split("[:=]", part, maxsplit=1) for part in parts] for parts in split)
    return [{pair[0].strip(): pair[1].strip() for pair in each if len(pair) > 1} for each in pairs]


def _number(text: str, marks: Sequence[str]) -> Decimal | None:
    """A number with whatever stands around it."""
    point = marks[2] if marks else "."
    plain = text.replace("." if point == "," else ",", "").replace(point, ".")
    found = re.search(r"-?\d+(\.\d+)?", plain) if marks else re.fullmatch(r"-?\d+(\.\d+)?", plain)
    try:
        return Decimal(found.group()) if found else None
    except InvalidOperation:
        return None


def separators(items: Column, point: str) -> tuple[str, ...]:
    """What parts records, what parts the parts of one record, and the decimal mark, in packed cells; none where nothing parts records."""
    first, text = next(iter(items.elements)), items.bare[0]
    marks = [mark for mark in "|;," if mark in text]
    between = next((t for t in items.bare if t.find(first, 1) > 0), text)
    outer = _gap(between, between.find(first, 1), marks)
    inner = next((mark for mark in marks if mark != outer), "")
    return (outer, inner, point) if outer and inner else ()


def _gap(text: str, again: int, marks: Sequence[str]) -> str:
    """What stands before the place at which a record begins again; where none does, a mark that the cells do not hold."""
    if again <= 0:
        return next((mark for mark in ";|," if mark not in marks), ";")
    found = re.findall(r"[\n|;,/]", text[:again][-3:])
    return "\n" if "\n" in found else found[-1] if found else ""
