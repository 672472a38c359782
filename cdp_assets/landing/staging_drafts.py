"""Which shared shapes a drafted export can fill, and the expression of each of their columns. For drafts only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cdp_assets.landing.casting import sql_text
from cdp_assets.landing.draft_roles import Hints, Roles, StagingDraft, as_date, as_time, currency_sql
from cdp_assets.landing.guessing import GuessedColumn
from cdp_assets.landing.order_drafts import draft_orders
from cdp_assets.landing.refund_drafts import draft_refunds, row_kinds


def draft_staging(
    channel: str, export: str, columns: list[GuessedColumn], facts: dict[str, Any], hints: Hints
) -> Iterator[StagingDraft]:
    """Every shape for which the export holds the least that it needs."""
    roles = Roles(columns)
    rows = f"select * from {{{{ landed('{channel}', '{export}') }}}} as rows"
    moment = roles.time("ordered_at", "updated_at") or roles.any_time()
    amount = roles.number("gross_amount", "line_amount", "unit_price")
    customer = _customer(roles, facts)
    is_order = bool(roles.order_id() and moment and amount)
    of_persons = rows
    if roles.order_id() and moment and amount:
        kinds = row_kinds(roles, hints)
        of_persons += kinds.sales
        is_many = facts.get("rowsPerKey") != "one"
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
    is_log = customer and roles("event_kind")
    if (is_traffic or is_log) and moment and not roles.number("spend") and not is_order:
        yield _touchpoints(roles, rows, channel, moment, customer)
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
    if name or "naturalKeys" in facts:
        return name or "_key_customer"
    return roles.plain_id() if is_list else None


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
        "record_kind": "'guest'" if customer.startswith("_key_") else "'account'",
        "contact_role": "'buyer'",
        **{name: roles(name, types=("string",)) for name in [*same, "country", "loyalty_id", "platform_id"]},
        "birth_date": roles("birth_date", types=("date",)),
        "updated_at": as_time(roles, updated) if updated else None,
    }
    if (street := expressions["street"]) and (number := roles("house_number")):
        expressions["street"] = f"concat_ws(' ', {street}, {number})"
    filled = {name: value for name, value in expressions.items() if value}
    return StagingDraft("customers", source, filled, "the newest row of each customer", [], notes)


def _consents(
    roles: Roles, rows: str, moment: str | None, customer: str, hints: Hints
) -> Iterator[StagingDraft]:
    """Marketing consent, where a column says it with yes and no or with words that are known."""
    column = roles.column("consent", types=("boolean", "string"))
    if column is None:
        return
    is_out = bool(re.search(r"opt(ed)?.?out|unsubscri", column.header, re.IGNORECASE))
    if is_out and column.logical_type == "boolean":
        status = "'withdrawn'"
    elif column.logical_type == "boolean":
        status = f"case when {column.name} then 'granted' else 'denied' end"
    else:
        words = hints.words.get(column.name, [])
        known = {word: found for word in words if (found := _consent_word(word))}
        if not known or len(known) < len(words):
            return
        branches = " ".join(f"when {sql_text(word)} then '{found}'" for word, found in known.items())
        status = f"case {column.name} {branches} end"
    updated = roles.time("consent", "updated_at") or moment
    expressions = {
        "source_customer_id": customer,
        "contact_type": "'email'" if roles("email") else "'phone'" if roles("phone") else "'member'",
        "contact_key": customer,
        "purpose": "'marketing'",
        "status": status,
        "recorded_at": as_time(roles, updated) if updated else None,
        "source": "'export'",
    }
    source = _newest_of(customer, rows, updated).replace(
        " is not null", f" is not null and {column.name} is not null", 1
    )
    filled = {name: value for name, value in expressions.items() if value}
    note = f"{column.name}: read as consent to marketing; see that its values mean that"
    if is_out and column.logical_type == "boolean":
        source = f"select * from (\n{source}\n) as newest\nwhere {column.name}"
        note += "; who has not opted out has no row, as that is no consent"
    yield StagingDraft("consents", source, filled, "the newest word of each customer", [], [note])


def _consent_word(word: str) -> str | None:
    text = word.strip().lower().replace("_", " ")
    if re.match(r"(unsubscri|opted.?out|withdrawn|cleaned)", text):
        return "withdrawn"
    if re.match(r"(subscribed|opted.?in|granted|yes|true|confirmed|1$)", text):
        return "granted"
    return "denied" if re.match(r"(never|not|no$|false|denied|none|pending|0$)", text) else None


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


def _touchpoints(roles: Roles, rows: str, channel: str, moment: str, customer: str | None) -> StagingDraft:
    notes = ["touch_type: visit, click, impression, open or scan?"]
    none = "(direct)"
    if not roles("source", "medium", "campaign"):
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
        "medium": f"coalesce({name}, '(none)')" if (name := roles("medium")) else "'(none)'",
        "campaign": roles("campaign"),
        "touch_type": "'visit'",
        "order_id": roles("order_id"),
    }
    filled = {name: value for name, value in expressions.items() if value}
    return StagingDraft("touchpoints", rows, filled, "", [], notes)


def _products(roles: Roles, rows: str, moment: str | None) -> StagingDraft:
    sku = roles("sku") or ""
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
