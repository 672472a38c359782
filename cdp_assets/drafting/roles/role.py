"""One role per column, with its reason, and what is asked of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cdp_assets.drafting.profile import PLAIN_IDS, Column
from cdp_assets.drafting.words import RANKS, Words, apart, class_of

CONTACTS = ("email", "phone", "full_name", "given_name", "family_name")


MANY = 3  # rows or orders from which on the same contact on all of them is nobody's own
MAX_KINDS = 20  # different words of a column that tells rows apart


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


def order_number(roles: Roles, words: Words) -> Column | None:
    """The first column that numbers orders."""
    return next(iter(order_numbers(roles, words)), None)


Rule = Callable[[Roles, Words], Iterator[Role]]


def is_id(column: Column) -> bool:
    """Whether a column calls itself an id."""
    return bool(re.search(r"(^|[^a-z])u?u?id\W*$|^id[ _]", apart(column.header), re.IGNORECASE))


def own_id(roles: Roles) -> Column | None:
    """A person's own id in a list of persons: unique, on every row, where a contact is unique too."""
    contacts = [c for c in roles.all("email", "phone") if not c.is_blank]
    if not any(column.is_unique for column in contacts):
        return None
    named = [*(c for c in roles.columns if c.looks == "uuid" or is_id(c)), *roles.all("platform_id")]
    of_person = (None, "source_customer_id", "platform_id")
    found = [c for c in named if c.is_filled and c.is_unique and roles.role(c) in of_person]
    plain = plain_id(roles)
    return plain if plain in found else next(iter(found), None)


def plain_id(roles: Roles) -> Column | None:
    """The row's own `id`."""
    found = [c for c in roles.columns if c.header.casefold() in PLAIN_IDS]
    return min(found, key=lambda c: c.header.count("."), default=None)
