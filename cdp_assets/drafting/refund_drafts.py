"""Drafts of refunds: rows of their own, rows among the sales, or amounts and states on an order's row. For drafts only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cdp_assets.drafting.draft_roles import Hints, Roles, StagingDraft, as_date, as_time, currency_sql
from cdp_assets.landing.typed.casts import sql_text

_LINE = re.compile(r"line|item|product|商品|artikel|position", re.IGNORECASE)
_SALE = re.compile(
    r"sale|payment|charge|captured|settled|order|purchase|checkout|verkauf|bestellung|(?<!aus)zahlung|\bpago\b|paiement|pagamento|venta|销售|支付|売上",
    re.IGNORECASE,
)

_REFUND = re.compile(
    r"refund|reversal|chargeback|return|erstattung|reembolso|rembours|rimborso|退款|返金", re.IGNORECASE
)
_GOODS = re.compile(r"principal|product ?(charges?|price|sales?)|item ?price|goods|warenwert", re.IGNORECASE)


@dataclass(frozen=True)
class RowKinds:
    """Conditions (SQL from `where` on, or nothing) for the rows that are sales and for those that are refunds."""

    sales: str = ""
    refunds: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RefundTime:
    """When an order's refund was, in SQL over the order's rows, and how a note says it."""

    at: str
    date: str
    note: str


def sales_and_refunds(words: list[str]) -> tuple[list[str], list[str]]:
    """Which words of a column of kinds are sales, and which give money back."""
    refunds = [word for word in words if _REFUND.search(word)]
    return [word for word in words if word not in refunds and _SALE.search(word)], refunds


def row_kinds(roles: Roles, hints: Hints) -> RowKinds:
    """Which rows are an order's lines or sales, and which give money back; of rows for each kind of amount, the goods' only."""
    kinds = _kinds(roles, hints)
    words_of = {column.name: hints.words.get(column.name, []) for column in roles.all("amount_kind")}
    for name, words in sorted(words_of.items(), key=lambda each: "Principal" not in each[1]):
        goods = [word for word in words if _GOODS.fullmatch(word)]
        if goods and len(words) > 1:
            note = f"{name}: only {', '.join(map(repr, goods))} is taken as what was sold; other amounts add nothing"
            return RowKinds(
                _and(kinds.sales, name, goods),
                _and(kinds.refunds, name, goods) if kinds.refunds else "",
                [*kinds.notes, note],
            )
    return kinds


def _kinds(roles: Roles, hints: Hints) -> RowKinds:
    """Kinds of rows that a column of words tells apart, else a flag or a sign."""
    kind = roles("line_kind")
    words = hints.words.get(kind or "", [])
    if kind is None or len(words) < 2:
        return _signed_kinds(roles)
    lines = [word for word in words if _LINE.search(word)]
    if len(lines) == 1:
        note = f"{kind}: rows are of several kinds; only {lines[0]!r} is taken as an order's line, the others add no amount"
        return RowKinds(f"\nwhere {kind} = {sql_text(lines[0])}", "", [note])
    sales, refunds = sales_and_refunds(words)
    if refunds and sales:
        left = ", ".join(repr(word) for word in words if word not in refunds + sales) or "none"
        note = (
            f"{kind}: rows are of several kinds; sales are {', '.join(map(repr, sales))}, refunds are "
            f"{', '.join(map(repr, refunds))}, neither are {left}"
        )
        return RowKinds(_and("", kind, sales), _and("", kind, refunds), [note])
    note = (
        f"{kind}: rows are of several kinds; add a `where {kind} = …`, or totals and payments count as lines"
    )
    return RowKinds(notes=[note])


def _signed_kinds(roles: Roles) -> RowKinds:
    """Rows told apart by a flag or, as returns have a minus, by the sign of their quantity or amount."""
    void = roles.column("is_cancelled", types=("boolean",))
    kept = f"not coalesce({void.name}, false)" if void and void.is_of_line else ""
    notes = [f"{void.name}: rows that it marks are left out of their order"] if void and kept else []
    flag = roles("is_refund", types=("boolean",))
    signed = roles.signed()
    sale = f"not coalesce({flag}, false)" if flag else f"coalesce({signed}, 0) >= 0" if signed else ""
    back = flag or (f"{signed} < 0" if signed else "")
    if back:
        notes.append(f"{flag or signed}: rows with {'it' if flag else 'a minus'} are taken as given back")

    def where(*conditions: str) -> str:
        return "".join(
            f"\n{'and' if number else 'where'} {each}" for number, each in enumerate(filter(None, conditions))
        )

    return RowKinds(where(sale, kept), where(back, kept) if back else "", notes)


def _and(conditions: str, column: str, words: list[str]) -> str:
    """SQL conditions, and that a column is one of the words."""
    return f"{conditions}\n{'and' if conditions else 'where'} {column} in ({', '.join(map(sql_text, words))})"


def refund_time(roles: Roles, moment: str) -> RefundTime:
    """The refund's own time where the file has one, else the order's."""
    own = roles.time("refunded_at")
    if own is None:
        at = f"min({moment})"
        time = at if roles.logical_type(moment) == "timestamp" else f"cast({at} as timestamp)"
        return RefundTime(
            time, as_date(roles, moment, at), "on the order's own day, as the file says no other"
        )
    at = f"coalesce(cast(max({own}) as timestamp), cast(min({moment}) as timestamp))"
    return RefundTime(at, f"cast({at} as date)", f"on the day of {own}")


def order_refunds(
    roles: Roles, rows: str, order_id: str, moment: str, whole: str, by_state: str, currency: str
) -> Iterator[StagingDraft]:
    """Refunds that stand on the order's own rows, one per order: by an amount, by a flag, else by a state of it.

    `whole`: SQL of all that was paid for an order; `by_state`: the condition that its state says refunded, or nothing.
    """
    dated, refund = refund_time(roles, moment), roles.number("refund_amount")
    flag = roles("was_refunded", types=("boolean",))
    back, only, note = whole, by_state, "rows whose status says refunded are taken as given back whole"
    if refund:
        back = f"abs({'max' if roles.is_repeated(refund) else 'sum'}({refund}))"
        only, note = f"{refund} <> 0", f"{refund}: taken as what was given back of the order"
    if flag and refund:
        back = f"case when {back} > 0 then {back} else {whole} end"
        only, note = (
            f"({flag} or {only})",
            f"{flag}: taken as given back, whole where {refund} does not say how much",
        )
    elif flag:
        only, note = flag, f"{flag}: taken as given back whole"
    if not only:
        return
    expressions = {
        "refund_id": f"{order_id} || ':refund'",
        "order_id": order_id,
        "refunded_at": dated.at,
        "refund_date": dated.date,
        "currency": currency if currency.startswith("'") else f"max(upper({currency}))",
        "amount": back,
    }
    source = f"{rows}\n{'and' if 'where' in rows else 'where'} {only}"
    yield StagingDraft("refunds", source, expressions, "", [order_id], [f"{note}, {dated.note}"])


def refund_rows(roles: Roles, rows: str, moment: str, amount: str, currency: str) -> StagingDraft:
    """Refunds that are rows of their own among the sales, one per row; a reference names the sale that they belong to."""
    order_id = roles.order_id() or ""
    sale = roles("reference_id") or order_id
    expressions = {
        "refund_id": order_id if sale != order_id else f"{order_id} || ':' || cast(_line as varchar)",
        "order_id": sale,
        "refunded_at": as_time(roles, moment),
        "refund_date": as_date(roles, moment),
        "currency": currency if currency.startswith("'") else f"upper({currency})",
        "amount": amount,
    }
    note = f"each row of these kinds gives back {amount}; {sale} is taken as the order that it belongs to"
    return StagingDraft("refunds", rows, expressions, "", [], [note])


def draft_refunds(roles: Roles, rows: str, moment: str, hints: Hints) -> StagingDraft:
    currency, notes = currency_sql(roles, hints)
    own = roles("refund_id") or ""
    number = f"row_number() over (partition by {own} order by _load_id, _line)"
    expressions = {
        "refund_id": own if roles.is_unique(own) else f"{own} || ':' || cast({number} as varchar)",
        "order_id": roles("order_id"),
        "source_customer_id": roles("source_customer_id"),
        "refunded_at": as_time(roles, moment),
        "refund_date": as_date(roles, moment),
        "currency": currency,
        "amount": f"abs({roles.number('refund_amount', 'gross_amount')})",
        "quantity": roles.number("quantity"),
        "sku": roles.sku(),
    }
    filled = {name: value for name, value in expressions.items() if value}
    return StagingDraft("refunds", rows, filled, "", [], notes)
