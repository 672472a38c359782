"""Several samples of one channel seen together: what one export lacks of an order or a customer stands in a sibling, joined by a key.

Items lend their orders what the lines sum to; orders, statuses and payments lend what is said once per order; customers lend their id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count, product

from cdp_assets.drafting.keys import Keys
from cdp_assets.drafting.part import Borrowed, Part
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles.role import Role, Roles, own_id
from cdp_assets.drafting.table import column_name
from cdp_assets.drafting.words import Words, is_a

FIRST_LENT = 10_000  # positions of borrowed columns begin here
ONCE_PER_ORDER = (
    "order_status", "after_sales", "is_cancelled", "cancelled_at", "currency", "ordered_at", "source_customer_id", "email", "phone",
    "store_id", "tender", "shipping_amount", "tax_amount",
)  # fmt: skip
MATCHED = 0.5  # of the keys, at least, stand in the sibling too


@dataclass(frozen=True)
class _Loan:
    """A borrowed column; `says` is its role here."""

    column: Column
    borrowed: Borrowed


@dataclass(frozen=True)
class _Join:
    """Own column = the sibling's, and the positions of what is borrowed by it."""

    own: Column
    key: Column
    other: Part
    positions: Iterator[int]

    def lent(self, column: Column, expression: str) -> _Loan:
        key = column_name(self.key.header, self.other.roles.role(self.key))
        made = replace(column, position=next(self.positions))
        return _Loan(made, Borrowed(self.other.export, expression, key, self.own.position))

    def column(self, column: Column, role: str, how: str) -> _Loan:
        """A sibling's column with a text for each row here; `how`: the aggregate that makes one of an order's several."""
        row_of = {text: row for row, text in reversed(list(enumerate(self.key.texts)))}
        found = [row_of.get(text) for text in self.own.texts]
        texts = tuple("" if row is None else column.texts[row] for row in found)
        numbers = tuple(None if row is None else column.numbers[row] for row in found if column.numbers)
        made = replace(column, texts=texts, numbers=numbers, says=role)
        return self.lent(made, f"{how}({column_name(column.header, self.other.roles.role(column))})")

    def lines(self, factors: Sequence[Column], role: str, words: Words) -> _Loan:
        """What a product of columns sums to over an order's lines, in a sibling; cents as a hundredth."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        is_cents = any(words.says("cents", column.header) for column in factors)
        for row, text in enumerate(self.key.texts):
            value: Decimal | None = Decimal(1)
            for column in factors:
                factor = column.numbers[row]
                value = None if value is None or factor is None else value * factor
            sums[text] += (value or Decimal(0)) / (100 if is_cents else 1)
        numbers = tuple(sums.get(text) for text in self.own.texts)
        texts = tuple("" if value is None else str(value) for value in numbers)
        names = " * ".join(column_name(c.header, self.other.money.meaning.get(c.position)) for c in factors)
        header = f"lines {role.removesuffix('_amount').replace('line', 'amount')}"
        made = Column(0, header, 1, role, texts, tuple(filter(None, texts)), decimals=2, numbers=numbers)
        return self.lent(made, f"sum({names}{' / 100.0' if is_cents else ''})")


def join_parts(parts: Sequence[Part], words: Words) -> list[Part]:
    """Every export with what it can borrow of its siblings."""
    return [_with_loans(part, [each for each in parts if each is not part], words) for part in parts]


def _with_loans(part: Part, others: Sequence[Part], words: Words) -> Part:
    positions = count(FIRST_LENT)
    loans: list[_Loan] = []
    said: list[str] = []
    for other in others:
        has = {loan.column.says for loan in loans}
        found = [
            *_of_orders(part, other, has, positions, words),
            *_of_customers(part, other, has, positions),
            *_of_states(part, other, words, positions),
        ]
        if found:
            loans += found
            own = next(c for c in part.roles.columns if c.position == found[0].borrowed.own_key)
            named = ", ".join(sorted({each.column.header for each in found}))
            said.append(
                f"joined with {other.export} by {own.header!r} = {found[0].borrowed.key}: {named} stand there"
            )
    if not loans:
        return part
    return replace(
        part,
        roles=_roles_with(part.roles, loans),
        keys=_with_lent(part, loans),
        borrowed={loan.column.position: loan.borrowed for loan in loans},
        questions=tuple(said),
        has_lines=any(loan.column.says == "line_amount" for loan in loans),
    )


def _roles_with(roles: Roles, loans: Sequence[_Loan]) -> Roles:
    """The roles with those of what is lent; a state that a sibling spells is none here."""
    spelt = [loan.borrowed.own_key for loan in loans if loan.column.says == "order_status"]
    own = [c for c in roles.all("order_status") if c.position in spelt]
    changed = [Role(c, None, "a sibling spells its numbers") for c in own]
    changed += [Role(loan.column, loan.column.says, "a sibling export has it") for loan in loans]
    columns = (*roles.columns, *(loan.column for loan in loans))
    return Roles(columns, {**roles.by_position, **{role.column.position: role for role in changed}})


def _with_lent(part: Part, loans: Sequence[_Loan]) -> Keys:
    """The part's keys with what is lent: the moment of the sale where it has none of its own; lent columns repeat on rows of one order."""
    keys = part.keys
    moment = keys.moment if keys.moment and part.roles.role(keys.moment) == "ordered_at" else None
    moment = moment or next((loan.column for loan in loans if loan.column.says == "ordered_at"), keys.moment)
    is_once = bool(keys.order and keys.order.is_unique)
    is_same = moment is keys.moment
    return replace(
        keys,
        moment=moment,
        repeated=keys.repeated | (frozenset() if is_once else {loan.column.position for loan in loans}),
        questions=tuple(q for q in keys.questions if is_same or not q.startswith("no time was found")),
    )


def _matches(own: Column, other: Column) -> bool:
    """Whether most ids of the one stand in the other."""
    mine, theirs = set(own.filled), set(other.filled)
    return bool(mine) and len(mine & theirs) >= MATCHED * min(len(mine), len(theirs)) and bool(theirs)


def _may_be_lent(role: str, column: Column, key: Column, has: set[str | None]) -> bool:
    """Not an amount that may stand on several rows, nor a time that is none, nor a second word of who the customer is."""
    if is_a(role, "money") and not key.is_unique:
        return False
    if role == "ordered_at" and column.time is None:
        return False
    return not (role in ("email", "phone", "source_customer_id") and "source_customer_id" in has)


def _of_orders(
    part: Part, other: Part, lent: set[str | None], positions: Iterator[int], words: Words
) -> Iterator[_Loan]:
    """What a sibling says once per order, and what its lines sum to where orders stand on rows of their own."""
    own, key = part.keys.order, other.keys.order
    if own is None or key is None or not _matches(own, key):
        return
    join = _Join(own, key, other, positions)
    if part.roles.has("refund_id"):
        yield from _currency_of(part, join)
        return
    is_header = own.is_unique and own.is_filled
    if is_header and not part.money.line and other.money.line and not key.is_unique:
        yield from _of_lines(part, join, words)
    if not (key.is_unique or part.keys.is_many or not is_header) and other.money.line:
        return
    has = {role for role in ONCE_PER_ORDER if part.roles.has(role)} | lent
    for role in ONCE_PER_ORDER:
        column = other.roles.first(role)
        is_made = column is not None and column.position in other.objects
        if column and not is_made and role not in has and _may_be_lent(role, column, key, has):
            yield join.column(
                column, role, "bool_or" if column.flags else "min" if role == "ordered_at" else "max"
            )


def _currency_of(part: Part, join: _Join) -> Iterator[_Loan]:
    """The currency of what a list of returns gives back, where only the orders say it."""
    column = join.other.roles.first("currency")
    if column is not None and join.key.is_unique and not part.roles.has("currency"):
        yield join.column(column, "currency", "max")


def _of_lines(part: Part, join: _Join, words: Words) -> Iterator[_Loan]:
    """What an order's lines sum to in a sibling, and their discount where the order says none."""
    money = join.other.money
    yield join.lines(money.line, "line_amount", words)
    off = [c for c in money.discounts if not join.other.keys.is_once(c)]
    if off and not part.roles.has("discount_amount"):
        yield join.lines(off[:1], "discount_amount", words)


def _of_customers(
    part: Part, other: Part, lent: set[str | None], positions: Iterator[int]
) -> Iterator[_Loan]:
    """The id of a list of persons, by the e-mail or phone that an order names."""
    if part.keys.order is None or other.keys.order is not None or part.roles.has("source_customer_id"):
        return
    person = other.roles.first("source_customer_id") or own_id(other.roles)
    for role in ("email", "phone"):
        own, key = part.roles.first(role), other.roles.first(role)
        is_known = person and own and key and key.is_unique and _matches(own, key)
        if person and own and key and is_known and "source_customer_id" not in lent:
            yield _Join(own, key, other, positions).column(person, "source_customer_id", "max")
            return


def _of_states(part: Part, other: Part, words: Words, positions: Iterator[int]) -> Iterator[_Loan]:
    """The words of states that stand on orders as numbers only, in a list of them."""
    if part.keys.order is None or other.keys.order is not None:
        return
    filled = [c for c in other.roles.columns if c.is_filled]
    told = [c for c in filled if _spells_states(c, words)][:1]
    numbers = [c for c in part.roles.all("order_status") if not any(map(words.status_of, c.distinct))]
    for own, state in product(numbers[:1], told):
        key = next((c for c in filled if c.is_unique and set(own.distinct) <= set(c.texts)), None)
        if own.distinct and key:
            yield _Join(own, key, other, positions).column(state, "order_status", "max")


def _spells_states(column: Column, words: Words) -> bool:
    """Whether most texts are words of an order's state."""
    return sum(map(bool, map(words.status_of, column.texts))) * 2 > len(column.texts)
