"""Touches: visits by their campaign, and logs of what customers did."""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.drafting.shapes.model import (
    PERSONS,
    Model,
    as_date,
    as_time,
    customer_sql,
    is_order,
    is_return,
    listed,
    name_of,
    number,
)
from cdp_assets.drafting.table import Field, Table
from cdp_assets.landing.typed.casts import sql_text

NO_TOUCH = "none"


def _is_touched(table: Table, customer: str | None) -> bool:
    """Whether rows are touches: traffic of devices or customers, or a log of what customers did; no spend, order or return."""
    is_person = bool(table.all(*PERSONS))
    is_traffic = table.first("source", "campaign") and (
        table.first("device_id") or (customer and not is_person)
    )
    is_log = customer and table.first("event_kind", "coupon_code")
    is_other = number(table, "spend") or is_order(table) or is_return(table)
    return bool(is_traffic or is_log) and not is_other


def draft(table: Table) -> Iterator[Model]:
    customer, moment = customer_sql(table), table.moment
    device = table.first("device_id")
    if not moment or not _is_touched(table, customer):
        return
    touch_type, conditions, questions = _touch_type(table)
    source, medium, campaign = table.first("source"), table.first("medium"), table.first("campaign")
    is_mail = table.first("email") is not None and any(
        f"'{kind}'" in touch_type for kind in ("open", "click")
    )
    is_own = not (source or medium or campaign) or (table.first("coupon_code") and not source)
    if is_own:
        questions.append(
            f"each row is taken as a touch whose source is {table.channel}: add it to data/reference/marketing_channels.csv, or "
            "delete this model where the rows are no touches"
        )
    expressions = {
        "touchpoint_id": "_load_id || '.' || cast(_line as varchar)",
        "source_customer_id": customer,
        "device_id": name_of(device),
        "touched_at": as_time(moment),
        "touch_date": as_date(moment),
        "source": f"coalesce({source.name}, '(direct)')"
        if source
        else f"'{table.channel if is_own else '(direct)'}'",
        "medium": f"coalesce({medium.name}, '(none)')" if medium else "'email'" if is_mail else "'(none)'",
        "campaign": name_of(campaign),
        "touch_type": touch_type,
        "order_id": name_of(table.first("order_id")),
    }
    yield Model("touchpoints", table, expressions, conditions, questions=tuple(questions))


def _touch_type(table: Table) -> tuple[str, tuple[str, ...], list[str]]:
    """SQL of a touch's type, conditions of the rows that are touches at all, and questions: by the words of a column of kinds."""
    for each in table.all("event_kind", "line_kind"):
        kinds = {w: kind for w in table.words_of(each) if (kind := table.words.touch_of(w))}
        if kinds:
            return _by_words(table, each, kinds)
    kind = "store_visit" if table.first("store_id") else "visit"
    state = table.first("order_status")
    failed = [w for w in table.words_of(state) if table.words.status_of(w) == "cancelled"] if state else []
    no_failed = f"({state.name} is null or {state.name} not in ({listed(failed)}))" if state else ""
    said = f"touch_type: taken as {kind}; or visit, click, impression, open or scan?"
    return f"'{kind}'", (no_failed,) if failed else (), [said]


def _by_words(table: Table, each: Field, kinds: dict[str, str]) -> tuple[str, tuple[str, ...], list[str]]:
    sent = [word for word, kind in kinds.items() if kind == NO_TOUCH]
    told = {word: kind for word, kind in kinds.items() if kind not in (NO_TOUCH, "visit")}
    cases = " ".join(f"when {sql_text(word)} then '{kind}'" for word, kind in told.items())
    unknown = [word for word in table.words_of(each) if word not in kinds]
    said = f"touch_type: by {each.name}; see that its words mean that{f'; {listed(sent)} are no touches' if sent else ''}"
    asked = (
        [f"touch_type: {', '.join(map(repr, unknown))} of {each.name} is not understood and counts as visit"]
        if unknown
        else []
    )
    conditions = (f"({each.name} is null or {each.name} not in ({listed(sent)}))",) if sent else ()
    return f"case {each.name} {cases} else 'visit' end" if cases else "'visit'", conditions, [said, *asked]
