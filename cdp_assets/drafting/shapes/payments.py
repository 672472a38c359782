"""Payments: one row per payment, where the export says with what it was paid or what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdp_assets.drafting.shapes.model import (
    Model,
    amount,
    as_time,
    branches,
    conditions_of,
    currency_sql,
    is_order,
    listed,
    once,
)
from cdp_assets.drafting.shapes.orders import order_conditions, paid_sql, words_for
from cdp_assets.drafting.shapes.refunds import returned_rows
from cdp_assets.drafting.table import Table


def draft(table: Table) -> Iterator[Model]:
    order, moment, money = table.keys.order, table.moment, table.money
    tender = table.first("tender", types=("string",))
    if not (is_order(table) and order and moment and (tender or money.fee)):
        return
    value, questions = (
        _tender_sql(table) if tender else ("'other'", ["tender: the file does not say with what was paid"])
    )
    currency, _ = currency_sql(table)
    paid, said = paid_sql(table)
    expressions = {
        "payment_id": f"{table.name(order)} || ':payment'",
        "order_id": table.name(order),
        "paid_at": as_time(moment, once(table, moment.name, "min")),
        "payment_kind": "'payment'",
        "tender": _of_order(table, value),
        "currency": currency if currency.startswith("'") else once(table, currency),
        "payment_amount": paid,
        "fee_amount": _fee_sql(table),
    }
    conditions = (*order_conditions(table), *_not_paid(table))
    group_by = table.name(order) if table.keys.is_many else None
    if back := returned_rows(table):
        is_back = " and ".join(conditions_of(table, table.rows.refunds))
        conditions = (f"(({' and '.join(conditions)}) or ({is_back}))",)
        group_by = f"{group_by}, {is_back}" if group_by else None
        expressions |= _with_returns(table, expressions, back, once(table, f"({is_back})", "bool_or") or "")
    yield Model(
        "payments",
        table,
        expressions,
        conditions,
        group_by,
        questions=(*questions, f"payment_amount: {said}"),
    )


def _fee_sql(table: Table) -> str | None:
    """What the payment cost, above nought; below it where a fee was given back."""
    fee = table.money.fee
    if fee is None:
        return None
    sold = table.rows.are_sales(len(fee.texts))
    is_below = any((value or 0) < 0 for value, is_sold in zip(fee.numbers, sold, strict=True) if is_sold)
    return (
        f"{'-' if is_below else ''}{amount(table, fee)}"
        if table.rows.refunds
        else f"abs({amount(table, fee)})"
    )


def _with_returns(
    table: Table, paid: Mapping[str, str | None], back: Mapping[str, str], is_back: str
) -> dict[str, str | None]:
    """What differs on rows that gave back (`back`: as in the shape of refunds) from what was paid."""
    returned = f"-{once(table, back['amount'], 'sum')}"
    of_rows = {
        "payment_id": once(table, back["refund_id"], "min"),
        "order_id": once(table, back["order_id"]),
        "paid_at": once(table, back["refunded_at"], "min"),
        "payment_kind": "'refund'",
        "payment_amount": returned,
    }
    return {
        name: sql if sql == paid[name] else f"case when {is_back} then {sql} else {paid[name]} end"
        for name, sql in of_rows.items()
    }


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
