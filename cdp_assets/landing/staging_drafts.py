"""Which shared shapes a drafted export can fill, and the expression of each of their columns. For drafts only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cdp_assets.landing.guessing import GuessedColumn


@dataclass
class StagingDraft:
    """One staging model: its source CTE, an expression per shape column, and what is left to decide."""

    shape: str
    source: str
    expressions: dict[str, str]
    comment: str = ""
    group_by: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)


class _Roles:
    """Columns of an export by meaning; the first of a meaning, of the types asked for."""

    def __init__(self, columns: list[GuessedColumn]) -> None:
        self._columns = columns

    def __call__(self, *roles: str, types: tuple[str, ...] = ()) -> str | None:
        for role in roles:
            for column in self._columns:
                if column.role == role and (not types or column.logical_type in types):
                    return column.name
        return None

    def number(self, *roles: str) -> str | None:
        return self(*roles, types=("number", "integer"))

    def time(self, *roles: str) -> str | None:
        return self(*roles, types=("timestamp", "date"))

    def any_time(self) -> str | None:
        times = (
            c.name
            for c in self._columns
            if c.logical_type in ("timestamp", "date") and c.role != "birth_date"
        )
        return next(times, None)

    def logical_type(self, name: str) -> str:
        return next(column.logical_type for column in self._columns if column.name == name)


def draft_staging(
    channel: str, export: str, columns: list[GuessedColumn], facts: dict[str, Any]
) -> Iterator[StagingDraft]:
    """Every shape for which the export holds the least that it needs."""
    roles = _Roles(columns)
    rows = f"select * from {{{{ landed('{channel}', '{export}') }}}} as rows"
    moment = roles.time("ordered_at", "updated_at") or roles.any_time()
    amount = roles.number("gross_amount", "line_amount", "unit_price")
    if roles("order_id") and moment and amount:
        yield from _orders(roles, rows, moment, facts.get("rowsPerKey") == "many")
    if roles("refund_id") and moment and roles.number("refund_amount", "gross_amount"):
        yield _refunds(roles, rows, moment)
    is_person = roles("email", "phone", "full_name", "given_name") is not None
    if is_person or (roles("source_customer_id") and not roles("order_id")):
        yield _customers(roles, rows, moment)
    if roles.number("spend") and roles("campaign") and moment:
        yield _spend(roles, rows, channel, moment)
    if (
        roles("source", "campaign")
        and roles("device_id", "source_customer_id")
        and moment
        and not roles.number("spend")
    ):
        yield _touchpoints(roles, rows, moment)
    if roles("sku") and roles("product_name") and not roles("order_id"):
        yield _products(roles, rows)


def _as_time(roles: _Roles, name: str) -> str:
    return name if roles.logical_type(name) == "timestamp" else f"cast({name} as timestamp)"


def _as_date(roles: _Roles, name: str, expression: str | None = None) -> str:
    used = expression or name
    return used if roles.logical_type(name) == "date" else f"{{{{ business_date('{used}') }}}}"


def _customer_id(roles: _Roles) -> tuple[str, list[str]]:
    """The column that identifies the customer; an e-mail or phone only where there is no id."""
    name = roles("source_customer_id", "loyalty_id")
    if name:
        return name, []
    fallback = roles("email", "phone")
    if fallback is None:
        return "cast(null as varchar)", [
            "source_customer_id: nothing names the customer; the orders stay anonymous"
        ]
    return fallback, [
        f"source_customer_id: {fallback} is used for want of an id; declare a naturalKey over it in the contract and use "
        "its _key_ column instead, so that no contact value becomes a key"
    ]


def _orders(roles: _Roles, rows: str, moment: str, is_many: bool) -> Iterator[StagingDraft]:
    order_id = roles("order_id") or ""
    customer, notes = _customer_id(roles)
    currency = roles("currency")
    line = _line_amount(roles)
    total = (f"sum({line})" if is_many else line) if line else roles.number("gross_amount") or "0"
    if is_many and not line:
        total = f"max({total})"
        notes.append(f"gross_amount: {total} is taken as the order's total, repeated on each of its lines")

    def once(name: str | None, aggregate: str = "max") -> str | None:
        return None if name is None else f"{aggregate}({name})" if is_many else name

    at = once(moment, "min") or moment
    expressions = {
        "order_id": order_id,
        "source_customer_id": once(customer) if not customer.startswith("cast") else customer,
        "ordered_at": at if roles.logical_type(moment) == "timestamp" else f"cast({at} as timestamp)",
        "order_date": _as_date(roles, moment, at),
        "store_id": once(roles("store_id")),
        "currency": once(currency) or "'USD'",
        "gross_amount": total,
        "discount_amount": _sum_or_zero(roles.number("discount_amount"), is_many),
        "shipping_amount": _max_or_zero(roles.number("shipping_amount"), is_many),
        "tax_amount": _max_or_zero(roles.number("tax_amount"), is_many),
        "order_status": f"lower({once(roles('order_status'))})" if roles("order_status") else "'completed'",
        "fulfilment_type": "'delivery'",
    }
    if not currency:
        notes.append("currency: the file names none; 'USD' stands there, put the channel's own")
    notes.append("order_status: map the channel's words to completed, cancelled, pending, paid, shipped")
    filled = {name: value for name, value in expressions.items() if value}
    yield StagingDraft("orders", rows, filled, "", [order_id] if is_many else [], notes)
    if roles("sku", "product_name") or roles.number("quantity"):
        yield _order_lines(roles, rows, order_id, line or roles.number("gross_amount") or "0")


def _line_amount(roles: _Roles) -> str | None:
    """SQL for one line's amount before discount, where the file has lines."""
    quantity, price = roles.number("quantity"), roles.number("unit_price")
    if roles.number("line_amount"):
        return roles.number("line_amount")
    return f"{quantity} * {price}" if quantity and price else price


def _order_lines(roles: _Roles, rows: str, order_id: str, amount: str) -> StagingDraft:
    number = roles("line_number", types=("integer",))
    expressions = {
        "order_id": order_id,
        "line_number": number or f"row_number() over (partition by {order_id} order by _load_id, _line)",
        "sku": roles("sku"),
        "product_name": roles("product_name"),
        "quantity": roles.number("quantity") or "1",
        "unit_price": roles.number("unit_price"),
        "discount_amount": f"coalesce({name}, 0)" if (name := roles.number("discount_amount")) else "0",
        "coupon_code": roles("coupon_code"),
        "unit_cost": roles.number("unit_cost"),
        "line_amount": amount,
    }
    return StagingDraft("order_lines", rows, {name: value for name, value in expressions.items() if value})


def _sum_or_zero(name: str | None, is_many: bool) -> str:
    return "0" if name is None else f"sum(coalesce({name}, 0))" if is_many else f"coalesce({name}, 0)"


def _max_or_zero(name: str | None, is_many: bool) -> str:
    return "0" if name is None else f"coalesce(max({name}), 0)" if is_many else f"coalesce({name}, 0)"


def _refunds(roles: _Roles, rows: str, moment: str) -> StagingDraft:
    expressions = {
        "refund_id": roles("refund_id"),
        "order_id": roles("order_id"),
        "source_customer_id": roles("source_customer_id"),
        "refunded_at": _as_time(roles, moment),
        "refund_date": _as_date(roles, moment),
        "currency": roles("currency") or "'USD'",
        "amount": f"abs({roles.number('refund_amount', 'gross_amount')})",
        "quantity": roles.number("quantity"),
        "sku": roles("sku"),
    }
    return StagingDraft("refunds", rows, {name: value for name, value in expressions.items() if value})


def _customers(roles: _Roles, rows: str, moment: str | None) -> StagingDraft:
    customer, notes = _customer_id(roles)
    source = rows
    if not customer.startswith("cast"):
        order = f"{moment} desc nulls last, " if moment else ""
        source += (
            f"\nwhere {customer} is not null"
            f"\nqualify row_number() over (partition by {customer} order by {order}_load_id desc, _line desc) = 1"
        )
    same = [
        "full_name",
        "given_name",
        "family_name",
        "phone",
        "email",
        "gender",
        "national_id",
        "street",
        "city",
        "region",
        "postcode",
    ]
    expressions = {
        "source_customer_id": customer,
        "record_kind": "'account'",
        "contact_role": "'buyer'",
        **{name: roles(name) for name in [*same, "country", "loyalty_id"]},
        "birth_date": roles("birth_date", types=("date",)),
        "updated_at": _as_time(roles, moment) if moment else None,
    }
    filled = {name: value for name, value in expressions.items() if value}
    return StagingDraft("customers", source, filled, "the newest row of each customer", [], notes)


def _spend(roles: _Roles, rows: str, channel: str, moment: str) -> StagingDraft:
    date = _as_date(roles, moment)
    campaign = roles("campaign") or ""
    currency = roles("currency")
    expressions = {
        "spend_date": date,
        "source": roles("source") or f"'{channel}'",
        "medium": roles("medium") or "'cpc'",
        "campaign": campaign,
        "currency": currency or "'USD'",
        "spend": f"sum({roles.number('spend')})",
        "impressions": f"sum({name})" if (name := roles.number("impressions")) else None,
        "clicks": f"sum({name})" if (name := roles.number("clicks")) else None,
    }
    filled = {name: value for name, value in expressions.items() if value}
    group = [moment, campaign, *(name for name in (roles("source"), roles("medium"), currency) if name)]
    note = "source, medium: add them to data/reference/marketing_channels.csv"
    return StagingDraft(
        "spend", rows, filled, "", group, [note] + ([] if currency else ["currency: put the account's own"])
    )


def _touchpoints(roles: _Roles, rows: str, moment: str) -> StagingDraft:
    expressions = {
        "touchpoint_id": "_load_id || '.' || cast(_line as varchar)",
        "source_customer_id": roles("source_customer_id"),
        "device_id": roles("device_id"),
        "touched_at": _as_time(roles, moment),
        "touch_date": _as_date(roles, moment),
        "source": f"coalesce({name}, '(direct)')" if (name := roles("source")) else "'(direct)'",
        "medium": f"coalesce({name}, '(none)')" if (name := roles("medium")) else "'(none)'",
        "campaign": roles("campaign"),
        "touch_type": "'visit'",
        "order_id": roles("order_id"),
    }
    filled = {name: value for name, value in expressions.items() if value}
    return StagingDraft(
        "touchpoints", rows, filled, "", [], ["touch_type: visit, click, impression, open or scan?"]
    )


def _products(roles: _Roles, rows: str) -> StagingDraft:
    sku = roles("sku") or ""
    source = f"{rows}\nqualify row_number() over (partition by {sku} order by _load_id desc, _line desc) = 1"
    expressions = {
        "sku": sku,
        "product_name": roles("product_name"),
        "brand": roles("brand"),
        "category": roles("category"),
        "list_price": roles.number("unit_price"),
    }
    return StagingDraft("products", source, {name: value for name, value in expressions.items() if value})
