"""Which shared shapes a drafted export can fill, and the expression of each of their columns. For drafts only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from cdp_assets.drafting.draft_roles import Hints, Roles, StagingDraft, as_date, as_time, currency_sql
from cdp_assets.drafting.guessing import GuessedColumn
from cdp_assets.drafting.meanings import NO_TOUCH, apart, consent_of, status_of, touch_of
from cdp_assets.drafting.order_drafts import draft_orders
from cdp_assets.drafting.refund_drafts import draft_refunds, row_kinds
from cdp_assets.landing.typed.casts import sql_text


def draft_staging(
    channel: str,
    export: str,
    columns: list[GuessedColumn],
    facts: dict[str, Any],
    hints: Hints,
    key: Sequence[str] = (),
) -> Iterator[StagingDraft]:
    """Every shape for which the export holds the least that it needs. `key`: names of the key's columns."""
    roles = Roles(columns)
    rows = f"select * from {{{{ landed('{channel}', '{export}') }}}} as rows"
    moment = roles.time("ordered_at", "updated_at") or roles.any_time()
    amount = roles.number("gross_amount", "line_amount", "unit_price")
    customer = _customer(roles, facts)
    returned = roles("refund_id")
    is_return = returned is not None and roles.is_filled(
        returned
    )  # a list of returns, whatever it says of their orders
    is_order = bool(roles.order_id() and moment and amount and not is_return)
    of_persons = rows
    if is_order and moment:
        kinds = row_kinds(roles, hints)
        of_persons += kinds.sales
        order_id = roles.order_id() or ""
        is_sure = order_id in key or (roles.is_unique(order_id) and roles.is_filled(order_id))
        is_many = facts.get("rowsPerKey") != "one" or not is_sure
        yield from draft_orders(roles, rows, kinds, moment, is_many, customer, hints)
    if roles("refund_id") and moment and roles.number("refund_amount", "gross_amount"):
        yield draft_refunds(roles, rows, moment, hints)
    is_person = roles("email", "phone", "full_name", "given_name") is not None
    if customer and (is_person or is_order or not roles.order_id()):
        yield _customers(roles, of_persons, moment, customer, facts)
        yield from _consents(roles, rows, moment, customer, hints)
    if roles.number("spend") and roles("campaign") and moment:
        yield _spend(roles, rows, channel, moment, hints)
    is_traffic = roles("source", "campaign") and (roles("device_id") or (customer and not is_person))
    is_log = customer and (roles("event_kind") or roles("coupon_code"))
    if (is_traffic or is_log) and moment and not roles.number("spend") and not is_order and not is_return:
        yield _touchpoints(roles, rows, channel, moment, customer, hints)
    if roles("sku") and roles("product_name"):
        yield _products(roles, rows, moment)


def _customer(roles: Roles, facts: dict[str, Any]) -> str | None:
    """The column that identifies the customer: an id, the natural key's pseudonym, else a plain `id` of a person.

    In a list of persons their own id goes before another's that several rows share, such as a company's account.
    """
    name = roles("source_customer_id", "loyalty_id")
    is_list = not roles.order_id() and roles("email", "phone", "full_name", "given_name")
    own = roles.own_id() if is_list else None
    if own and not (name and roles.is_unique(name)):
        return own
    if name is None:
        return "_key_customer" if "naturalKeys" in facts else roles.plain_id() if is_list else None
    nobody = ", ".join(map(sql_text, roles.nobody(name)))
    known = f"case when {name} not in ({nobody}) then {name} end" if nobody else name
    return f"coalesce({known}, _key_customer)" if "naturalKeys" in facts else known


def _record_kind(customer: str) -> str:
    """SQL: who is known by a contact's pseudonym only is a guest."""
    if customer.startswith("_key_"):
        return "'guest'"
    return (
        f"case when {customer} = _key_customer then 'guest' else 'account' end"
        if "_key_" in customer
        else "'account'"
    )


def _newest_of(customer: str, rows: str, moment: str | None) -> str:
    """The newest row of each customer."""
    order = f"{moment} desc nulls last, " if moment else ""
    return (
        f"{rows}\n{'and' if 'where' in rows else 'where'} {customer} is not null"
        f"\nqualify row_number() over (partition by {customer} order by {order}_load_id desc, _line desc) = 1"
    )


def _customers(
    roles: Roles, rows: str, moment: str | None, customer: str, facts: dict[str, Any]
) -> StagingDraft:
    notes: list[str] = []
    updated = roles.time("updated_at") or moment
    source = _newest_of(customer, rows, updated)
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
        "record_kind": _record_kind(customer),
        "contact_role": "'buyer'",
        **{name: roles(name, types=("string",)) for name in [*same, "country", "loyalty_id", "platform_id"]},
        "birth_date": roles("birth_date", types=("date",)),
        "updated_at": as_time(roles, updated) if updated else None,
    }
    if contact := roles("contact"):
        expressions["email"] = expressions["email"] or f"case when {contact} like '%@%' then {contact} end"
        expressions["phone"] = (
            expressions["phone"] or f"case when {contact} not like '%@%' then {contact} end"
        )
    if (street := expressions["street"]) and (number := roles("house_number")):
        expressions["street"] = f"concat_ws(' ', {street}, {number})"
    filled = {name: value for name, value in expressions.items() if value}
    return StagingDraft("customers", source, filled, "the newest row of each customer", [], notes)


def _consents(
    roles: Roles, rows: str, moment: str | None, customer: str, hints: Hints
) -> Iterator[StagingDraft]:
    """Marketing consent, where columns say it with yes and no or with words that are known; who opted out anywhere is out."""
    said = [(c, _says(c, hints)) for c in roles.all("consent") if not c.is_blank]
    outs = [(c, out) for c, out in said if out and _is_out(c)]
    column, yes = next(((c, says) for c, says in said if says and not _is_out(c)), (None, None))
    if not outs and column is None:
        return
    out = " or ".join(f"coalesce({each}, false)" for _, each in outs)
    known = f"{column.name} is not null" if column else ""
    withdrawn = f"when {out} then 'withdrawn' " if out else ""
    status = f"case {withdrawn}{yes} end" if column else "'withdrawn'"
    updated = roles.time("consent", "updated_at") or moment
    expressions = {
        "source_customer_id": customer,
        "contact_type": "'email'" if roles("email") else "'phone'" if roles("phone") else "'record'",
        "purpose": "'marketing'",
        "status": status,
        "recorded_at": as_time(roles, updated) if updated else None,
        "signal": "'form'",
    }
    source = _newest_of(customer, rows, updated)
    if outs:
        source = f"select * from (\n{source}\n) as newest\nwhere {' or '.join(filter(None, [out, known]))}"
    else:
        source = source.replace(" is not null", f" is not null and {known}", 1)
    filled = {name: value for name, value in expressions.items() if value}
    names = ", ".join(each.name for each in [*([column] if column else []), *(each for each, _ in outs)])
    note = f"{names}: read as consent to marketing; see that the values mean that"
    if outs:
        note += "; who has only not opted out has no row, as that is no consent"
    yield StagingDraft("consents", source, filled, "the newest word of each customer", [], [note])


_OUT = re.compile(r"opt(ed)?.?out|unsubscri|black.?list|suppress|(?<![a-z])not(?![a-z])", re.IGNORECASE)


def _is_out(column: GuessedColumn) -> bool:
    return bool(_OUT.search(apart(column.header)))


def _says(column: GuessedColumn, hints: Hints) -> str | None:
    """SQL of what a consent column says: the branches of a status, or for an opt-out whether it is one; None where unknown."""
    is_out = _is_out(column)
    if column.logical_type == "boolean":
        return column.name if is_out else f"when {column.name} then 'granted' else 'denied'"
    words = hints.words.get(column.name, [])
    known = {word: found for word in words if (found := consent_of(word))}
    if column.logical_type != "string" or not known or len(known) < len(words):
        return None
    if is_out:
        refused = [sql_text(word) for word, found in known.items() if found != "granted"]
        return f"{column.name} in ({', '.join(refused)})" if refused else None
    return " ".join(f"when {column.name} = {sql_text(word)} then '{found}'" for word, found in known.items())


def _spend(roles: Roles, rows: str, channel: str, moment: str, hints: Hints) -> StagingDraft:
    date = as_date(roles, moment)
    campaign = roles("campaign") or ""
    currency, notes = currency_sql(roles, hints)
    expressions = {
        "spend_date": date,
        "source": roles("source") or f"'{channel}'",
        "medium": roles("medium") or "'cpc'",
        "campaign": campaign,
        "currency": currency,
        "spend": f"sum({roles.number('spend')})",
        "impressions": f"sum({name})" if (name := roles.number("impressions")) else None,
        "clicks": f"sum({name})" if (name := roles.number("clicks")) else None,
    }
    filled = {name: value for name, value in expressions.items() if value}
    group = [
        moment,
        campaign,
        *(name for name in (roles("source"), roles("medium"), roles("currency")) if name),
    ]
    note = "source, medium: add them to data/reference/marketing_channels.csv"
    return StagingDraft("spend", rows, filled, "", group, [note, *notes])


def _touch_type(roles: Roles, hints: Hints) -> tuple[str, str, list[str]]:
    """SQL of a touch's type, the condition for rows that are touches at all, and notes: by the words of a column of kinds."""
    for column in roles.all("event_kind"):
        words = hints.words.get(column.name, [])
        kinds = {word: kind for word in words if (kind := touch_of(word))}
        if kinds:
            sent = [sql_text(word) for word, kind in kinds.items() if kind == NO_TOUCH]
            only = (
                f"\nwhere {column.name} is null or {column.name} not in ({', '.join(sent)})" if sent else ""
            )
            branches = " ".join(
                f"when {sql_text(word)} then '{kind}'"
                for word, kind in kinds.items()
                if kind not in (NO_TOUCH, "visit")
            )
            value = f"case {column.name} {branches} else 'visit' end" if branches else "'visit'"
            left = f"; {', '.join(sent)} are no touches" if sent else ""
            return value, only, [f"touch_type: by {column.name}; see that its words mean that{left}"]
    kind = "store_visit" if roles("store_id") else "visit"
    state = roles("order_status") or ""
    failed = [sql_text(word) for word in hints.words.get(state, []) if status_of(word) == "cancelled"]
    only = f"\nwhere {state} is null or {state} not in ({', '.join(failed)})" if failed else ""
    return f"'{kind}'", only, [f"touch_type: taken as {kind}; or visit, click, impression, open or scan?"]


def _touchpoints(
    roles: Roles, rows: str, channel: str, moment: str, customer: str | None, hints: Hints
) -> StagingDraft:
    touch_type, only, notes = _touch_type(roles, hints)
    rows += only
    none = "(direct)"
    medium = "email" if roles("email") and re.search("'(open|click)'", touch_type) else "(none)"
    if not roles("source", "medium", "campaign") or (roles("coupon_code") and not roles("source")):
        none = channel
        notes.append(
            f"each row is taken as a touch whose source is {channel}: add it to data/reference/marketing_channels.csv, or "
            "delete this model where the rows are no touches"
        )
    expressions = {
        "touchpoint_id": "_load_id || '.' || cast(_line as varchar)",
        "source_customer_id": customer,
        "device_id": roles("device_id"),
        "touched_at": as_time(roles, moment),
        "touch_date": as_date(roles, moment),
        "source": f"coalesce({name}, '(direct)')" if (name := roles("source")) else f"'{none}'",
        "medium": f"coalesce({name}, '(none)')" if (name := roles("medium")) else f"'{medium}'",
        "campaign": roles("campaign"),
        "touch_type": touch_type,
        "order_id": roles("order_id"),
    }
    filled = {name: value for name, value in expressions.items() if value}
    return StagingDraft("touchpoints", rows, filled, "", [], notes)


def _products(roles: Roles, rows: str, moment: str | None) -> StagingDraft:
    sku = roles.sku() or ""
    order = f"{moment} desc nulls last, " if moment else ""
    source = (
        f"{rows}\nwhere {sku} is not null"
        f"\nqualify row_number() over (partition by {sku} order by {order}_load_id desc, _line desc) = 1"
    )
    expressions = {
        "sku": sku,
        "product_name": roles("product_name"),
        "brand": roles("brand"),
        "category": roles("category"),
        "list_price": roles.number("unit_price"),
    }
    return StagingDraft("products", source, {name: value for name, value in expressions.items() if value})
