"""Several samples of one channel seen together: what one export lacks of an order or a customer stands in a sibling, joined by a key.

Items lend their orders what the lines sum to; orders, statuses and payments lend what is said once per order; customers lend their id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count

from cdp_assets.drafting.keys import Keys
from cdp_assets.drafting.money import Money
from cdp_assets.drafting.profile import Column, Profile
from cdp_assets.drafting.roles import Role, Roles, own_id
from cdp_assets.drafting.rows import Rows
from cdp_assets.drafting.table import Borrowed, column_name
from cdp_assets.drafting.words import is_a

FIRST_LENT = 10_000  # positions of borrowed columns begin here
ONCE_PER_ORDER = (
    "order_status", "after_sales", "is_cancelled", "cancelled_at", "currency", "ordered_at", "source_customer_id", "email", "phone",
    "store_id", "tender", "shipping_amount", "tax_amount",
)  # fmt: skip
MATCHED = 0.5  # of the keys, at least, stand in the sibling too


@dataclass(frozen=True)
class Part:
    """One export on its way: what is known of it alone, and what it borrows."""

    export: str
    profile: Profile
    roles: Roles
    rows: Rows
    keys: Keys
    money: Money
    borrowed: Mapping[int, Borrowed]
    questions: tuple[str, ...] = ()
    has_lines: bool = False  # its orders' lines stand in a sibling


@dataclass(frozen=True)
class _Loan:
    column: Column
    role: str
    borrowed: Borrowed


def join_parts(parts: Sequence[Part]) -> list[Part]:
    """Every export with what it can borrow of its siblings."""
    return [_with_loans(part, [each for each in parts if each is not part]) for part in parts]


def _with_loans(part: Part, others: Sequence[Part]) -> Part:
    positions = count(FIRST_LENT)
    loans: list[_Loan] = []
    said: list[str] = []
    for other in others:
        found = [*_of_orders(part, other, loans, positions), *_of_customers(part, other, loans, positions)]
        if found:
            loans += found
            own = next(c for c in part.roles.columns if c.position == found[0].borrowed.own_key)
            named = ", ".join(sorted({each.column.header for each in found}))
            said.append(
                f"joined with {other.export} by {own.header!r} = {found[0].borrowed.key}: {named} stand there"
            )
    if not loans:
        return part
    columns = (*part.roles.columns, *(loan.column for loan in loans))
    lent = {loan.column.position: Role(loan.role, 99, "a sibling export has it") for loan in loans}
    moment = (
        part.keys.moment if part.keys.moment and part.roles.role(part.keys.moment) == "ordered_at" else None
    )
    moment = moment or next((loan.column for loan in loans if loan.role == "ordered_at"), part.keys.moment)
    keys = replace(
        part.keys,
        moment=moment,
        repeated=part.keys.repeated
        | (lent.keys() if not part.keys.order or not part.keys.order.is_unique else frozenset()),
        questions=tuple(
            q
            for q in part.keys.questions
            if moment is part.keys.moment or not q.startswith("no time was found")
        ),
    )
    return replace(
        part,
        roles=Roles(columns, {**part.roles.by_position, **lent}),
        keys=keys,
        borrowed={loan.column.position: loan.borrowed for loan in loans},
        questions=tuple(said),
        has_lines=any(loan.role == "line_amount" for loan in loans),
    )


def _matches(own: Column, other: Column) -> bool:
    """Whether most ids of the one stand in the other."""
    mine, theirs = set(own.filled), set(other.filled)
    return bool(mine) and len(mine & theirs) >= MATCHED * min(len(mine), len(theirs)) and bool(theirs)


def _how_once(role: str, column: Column) -> str:
    """The aggregate that makes one value of an order's several."""
    return "bool_or" if column.flags else "min" if role == "ordered_at" else "max"


def _may_be_lent(role: str, column: Column, key: Column, has: set[str]) -> bool:
    """Not an amount that may stand on several rows, nor a time that is none, nor a second word of who the customer is."""
    if is_a(role, "money") and not key.is_unique:
        return False
    if role == "ordered_at" and column.time is None:
        return False
    return not (role in ("email", "phone", "source_customer_id") and "source_customer_id" in has)


def _of_orders(part: Part, other: Part, loans: Sequence[_Loan], positions: Iterator[int]) -> Iterator[_Loan]:
    """What a sibling says once per order, and what its lines sum to where orders stand on rows of their own."""
    own, key = part.keys.order, other.keys.order
    if own is None or key is None or not _matches(own, key) or part.roles.has("refund_id"):
        return
    key_name = column_name(key.header, other.roles.role(key))
    is_header = own.is_unique and own.is_filled
    if is_header and not part.money.line and other.money.line and not key.is_unique:
        yield _lines_of(own, key, key_name, other, positions)
    if not (key.is_unique or part.keys.is_many or not is_header) and other.money.line:
        return
    has = {role for role in ONCE_PER_ORDER if part.roles.has(role)} | {loan.role for loan in loans}
    for role in ONCE_PER_ORDER:
        column = other.roles.first(role)
        if column is None or role in has or not _may_be_lent(role, column, key, has):
            continue
        yield _lent(
            column,
            role,
            own,
            key,
            f"{_how_once(role, column)}({column_name(column.header, role)})",
            other.export,
            key_name,
            positions,
        )


def _lent(
    column: Column,
    role: str,
    own: Column,
    key: Column,
    expression: str,
    export: str,
    key_name: str,
    positions: Iterator[int],
) -> _Loan:
    """A sibling's column with a text for each row here."""
    row_of = {text: row for row, text in reversed(list(enumerate(key.texts)))}
    found = [row_of.get(text) for text in own.texts]
    texts = tuple("" if row is None else column.texts[row] for row in found)
    numbers = tuple(None if row is None else column.numbers[row] for row in found) if column.numbers else ()
    made = replace(column, position=next(positions), texts=texts, numbers=numbers, says=role)
    return _Loan(made, role, Borrowed(export, expression, key_name, own.position))


def _lines_of(own: Column, key: Column, key_name: str, other: Part, positions: Iterator[int]) -> _Loan:
    """What an order's lines sum to, in a sibling."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row, text in enumerate(key.texts):
        value: Decimal | None = Decimal(1)
        for column in other.money.line:
            factor = column.numbers[row]
            value = None if value is None or factor is None else value * factor
        sums[text] += value or Decimal(0)
    numbers = tuple(sums.get(text) for text in own.texts)
    texts = tuple("" if value is None else str(value) for value in numbers)
    names = " * ".join(column_name(c.header, other.money.meaning.get(c.position)) for c in other.money.line)
    made = Column(
        next(positions),
        "lines amount",
        1,
        "line_amount",
        texts,
        tuple(filter(None, texts)),
        decimals=2,
        numbers=numbers,
    )
    return _Loan(made, "line_amount", Borrowed(other.export, f"sum({names})", key_name, own.position))


def _of_customers(
    part: Part, other: Part, loans: Sequence[_Loan], positions: Iterator[int]
) -> Iterator[_Loan]:
    """The id of a list of persons, by the e-mail or phone that an order names."""
    if part.keys.order is None or other.keys.order is not None or part.roles.has("source_customer_id"):
        return
    if any(loan.role == "source_customer_id" for loan in loans):
        return
    person = other.roles.first("source_customer_id") or own_id(other.roles)
    for role in ("email", "phone"):
        own, key = part.roles.first(role), other.roles.first(role)
        if person and own and key and key.is_unique and _matches(own, key):
            name = column_name(person.header, other.roles.role(person))
            yield _lent(
                person,
                "source_customer_id",
                own,
                key,
                f"max({name})",
                other.export,
                column_name(key.header, role),
                positions,
            )
            return
