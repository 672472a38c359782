"""Payments: one row per payment, where the export says with what it was paid or what it cost."""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.drafting.shapes.model import (
    Model,
    amount,
    as_time,
    branches,
    currency_sql,
    is_order,
    listed,
    once,
)
from cdp_assets.drafting.shapes.orders import order_conditions, paid_sql, words_for
from cdp_assets.drafting.table import Table


def draft(table: Table) -> Iterator[Model]:
    order, moment, money = table.keys.order, table.moment, table.money
    tender = table.first("tender", types=("string",))
    if not (is_order(table) and order and moment and (tender or money.fee)) or table.rows.refunds:
        return
    value, questions = (
        _tender_sql(table) if tender else ("'other'", ["tender: the file does not say with what was paid"])
    )
    currency, _ = currency_sql(table)
    name = table.name(order)
    paid, said = paid_sql(table)
    expressions = {
        "payment_id": f"{name} || ':payment'",
        "order_id": name,
        "paid_at": as_time(moment, once(table, moment.name, "min")),
        "payment_kind": "'payment'",
        "tender": _of_order(table, value),
        "currency": currency if currency.startswith("'") else once(table, currency),
        "payment_amount": paid,
        "fee_amount": f"abs({amount(table, money.fee)})" if money.fee else None,
    }
    conditions = (*order_conditions(table), *_not_paid(table))
    yield Model(
        "payments",
        table,
        expressions,
        conditions,
        name if table.keys.is_many else None,
        questions=(*questions, f"payment_amount: {said}"),
    )


def _of_order(table: Table, tender: str) -> str | None:
    """An order's tender; several are mixed, as the rows do not say how much of each."""
    one = once(table, tender)
    is_one = one == tender or tender.startswith("'")
    return one if is_one else f"case when count(distinct {tender}) > 1 then 'mixed' else {one} end"


def _not_paid(table: Table) -> tuple[str, ...]:
    """Orders that are cancelled or wait for their money have no payment."""
    states = [f for f in table.all("order_status") if f.logical_type == "string"]
    off = {f.name: [*words_for(table, f, "cancelled"), *words_for(table, f, "pending")] for f in states}
    return tuple(f"({name} is null or {name} not in ({listed(off[name])}))" for name in off if off[name])


def _tender_sql(table: Table) -> tuple[str, list[str]]:
    tender = table.first("tender", types=("string",))
    assert tender
    words = table.words_of(tender)
    known = {word: kind for word in words if (kind := table.words.tender_of(word))}
    unknown = [word for word in words if word not in known]
    told = "; ".join(f"{word!r} is {kind}" for word, kind in known.items())
    said = [f"tender: by {tender.name}: {told or 'no word is known'}"]
    said += (
        [f"tender: {', '.join(map(repr, unknown))} of {tender.name} is not understood and is other"]
        if unknown
        else []
    )
    return (f"case {tender.name} {branches(known)} else 'other' end" if known else "'other'"), said
