"""Consents to marketing: what columns of yes, no or known words say, per kind of contact; who opted out anywhere is out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdp_assets.drafting.shapes.model import PERSONS, Model, as_time, customer_sql, is_order, listed, newest
from cdp_assets.drafting.table import Field, Table
from cdp_assets.drafting.words import apart
from cdp_assets.landing.typed.casts import sql_text


def _states(table: Table, columns: Sequence[Field]) -> dict[str, str]:
    """Type of contact → SQL of its status: by the columns of that type, and by those that speak for all."""
    plain = "email" if table.first("email") else "phone" if table.first("phone") else "record"
    by_type: dict[str, list[Field]] = {}
    for each in sorted(columns, key=lambda f: _named_type(table, f) or plain):
        by_type.setdefault(_named_type(table, each) or plain, []).append(each)
    for_all = [f for f in columns if _is_out(table, f) and not _named_type(table, f)]
    return {
        kind: _status_sql(table, [*found, *(f for f in for_all if f not in found)])
        for kind, found in by_type.items()
    }


def draft(table: Table) -> Iterator[Model]:
    customer = customer_sql(table)
    columns = [
        f
        for f in table.all("consent")
        if not f.column.is_blank and (f.logical_type == "boolean" or _is_told(table, f))
    ]
    has_persons = bool(table.all(*PERSONS) or is_order(table) or not table.keys.order)
    if not customer or not columns or not has_persons:
        return
    states = _states(table, columns)
    updated = table.time("consent", "updated_at") or table.moment
    if len(states) == 1:
        kind_sql, status, joins = f"'{next(iter(states))}'", next(iter(states.values())), ""
    else:
        kind_sql = "for_type"
        status = f"case {kind_sql} {' '.join(f'when {sql_text(kind)} then {sql}' for kind, sql in states.items())} end"
        joins = f"cross join (values {', '.join(f'({sql_text(kind)})' for kind in states)}) as each_type(for_type)"
    expressions = {
        "source_customer_id": customer,
        "contact_type": kind_sql,
        "purpose": "'marketing'",
        "status": status,
        "recorded_at": as_time(updated) if updated else None,
        "signal": "'form'",
    }
    key = f"{customer}, {kind_sql}" if joins else customer
    yield Model(
        "consents",
        table,
        expressions,
        (f"{customer} is not null",),
        newest_of=newest(key, updated.name if updated else None),
        after=f"({status}) is not null",
        joins=joins,
        comment="the newest word of each customer",
        questions=tuple(_asked(table, columns)),
    )


def _is_told(table: Table, each: Field) -> bool:
    """Whether most of a column's few words say something of a consent."""
    words = table.words_of(each)
    return each.logical_type == "string" and any(table.words.consent_of(word) for word in words)


def _is_out(table: Table, each: Field) -> bool:
    return table.words.says("out", apart(each.column.header))


def _named_type(table: Table, each: Field) -> str | None:
    """The kind of contact that the header names."""
    if table.words.says("per_email", each.column.header):
        return "email"
    return "phone" if table.words.says("per_phone", each.column.header) else None


def _status_sql(table: Table, columns: list[Field]) -> str:
    """The state that columns say together: withdrawn where one says out, else the first that says yes or no."""
    outs = [sql for f in columns if _is_out(table, f) and (sql := _out_sql(table, f))]
    said = next((sql for f in columns if not _is_out(table, f) and (sql := _says_sql(table, f))), "")
    out = " or ".join(f"coalesce({each}, false)" for each in outs)
    return f"case {f'when {out} then {chr(39)}withdrawn{chr(39)} ' if out else ''}{said} end"


def _out_sql(table: Table, each: Field) -> str | None:
    if each.logical_type == "boolean":
        return each.name
    refused = [w for w in table.words_of(each) if table.words.consent_of(w) in ("denied", "withdrawn")]
    return f"{each.name} in ({listed(refused)})" if refused else None


def _says_sql(table: Table, each: Field) -> str:
    if each.logical_type == "boolean":
        return f"when {each.name} then 'granted' when not {each.name} then 'denied'"
    found = {word: table.words.consent_of(word) or "unknown" for word in table.words_of(each)}
    return " ".join(f"when {each.name} = {sql_text(word)} then '{found[word]}'" for word in found)


def _asked(table: Table, columns: list[Field]) -> Iterator[str]:
    named = ", ".join(each.name for each in columns)
    is_out = any(_is_out(table, each) for each in columns)
    yield f"{named}: read as consent to marketing; see that the values mean that" + (
        "; who has only not opted out has no row, as that is no consent" if is_out else ""
    )
    for each in columns:
        unknown = [
            word
            for word in table.words_of(each)
            if each.logical_type == "string" and not table.words.consent_of(word)
        ]
        if unknown:
            yield f"{each.name}: {', '.join(map(repr, unknown))} is not understood: its consents are unknown, so that nobody is written to"
