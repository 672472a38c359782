"""The parts of one customer: header, golden values with their origin, records, timeline, scores and value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from cdp_assets.pages import charts
from cdp_assets.pages.formats import (
    MONEY_ENDINGS,
    NOTHING,
    SHARE_ENDINGS,
    day,
    money,
    number,
    share,
    show_table,
    yes_no,
)
from cdp_assets.pages.frame import empty, section
from cdp_assets.pages.published import Published
from cdp_assets.pages.queries import customers as queries
from cdp_assets.pages.texts import known, label, t
from cdp_assets.pages.theme import ACCENT, CATEGORIES

CONSENTS = ("is_marketing_allowed", "is_profiling_allowed", "is_ads_matching_allowed", "is_sharing_allowed")
FACTS = ("customer_rfm", "customer_value", "customer_lifecycle", "customer_traits")
EVENT_SHAPES = {"order": "circle", "refund": "cross", "touch": "triangle-up"}
EVENT_COLOURS = {"order": ACCENT, "refund": CATEGORIES[3], "touch": CATEGORIES[1]}


@dataclass(frozen=True)
class Customer:
    """One row of marts.customers, and with --reveal the row of contact.customers_contact."""

    shown: Published
    customer_id: str
    row: pd.Series
    currency: str
    contact: pd.DataFrame | None

    def clear(self, column: str) -> Any:
        """An identifier in clear; None if not revealed or unknown."""
        if self.contact is None or self.contact.empty:
            return None
        value = self.contact[column].iloc[0]
        return None if pd.isna(value) else value


def draw_header(customer: Customer) -> None:
    """Name, id, segment and the lifetime figures."""
    row = customer.row
    name = customer.clear("full_name") or _text(row["masked_full_name"])
    st.subheader(name if name != NOTHING else t("customer.without_name"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.code(customer.customer_id, language=None, width="content")
        for mart, column, colour in (
            ("customer_rfm", "segment", "blue"),
            ("customer_lifecycle", "stage", "gray"),
        ):
            found = _rows(customer, mart)
            if not found.empty:
                st.badge(_text(found[column].iloc[0]), color=colour)  # type: ignore[arg-type]
    figures = {
        "net_revenue": money(row["net_revenue"], customer.currency),
        "order_count": number(row["order_count"]),
        "average_order_value": money(row["average_order_value"], customer.currency),
        "first_order_date": day(row["first_order_date"]),
        "last_order_date": day(row["last_order_date"]),
        "touch_count": number(row["touch_count"]),
    }
    comments = customer.shown.column_comments("customers")
    for place, (column, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        place.metric(label(column), value, help=comments.get(column))


def draw_profile(customer: Customer) -> None:
    """Golden values with the record and rule they come from, consents, and the rest of the profile."""
    golden, consent = st.columns([4, 1], gap="large")
    with golden:
        _draw_golden(customer.shown, customer)
    with consent:
        st.subheader(t("customer.consent.title"), anchor=False, help=t("customer.consent.help"))
        for name in CONSENTS:
            allowed = bool(customer.row[name])
            icon = ":green[:material/check:]" if allowed else ":gray[:material/close:]"
            st.markdown(f"{icon} {label(name)}")
        st.caption(t("customer.profiled" if customer.row["is_profiled"] else "customer.not_profiled"))


@section("customer.golden", "customer_attribute_provenance")
def _draw_golden(shown: Published, customer: Customer) -> None:
    values = _golden_values(customer)
    origin = _rows(customer, "customer_attribute_provenance")
    order = {name: position for position, name in enumerate(values)}
    origin = origin.sort_values("attribute", key=lambda names: names.map(order)).reset_index(drop=True)
    if origin.empty and not any(values.values()):
        empty("customer.golden.none")
        return
    table = origin.assign(
        golden_value=[values.get(name) or NOTHING for name in origin["attribute"]],
        attribute=[label(name, "attributes") for name in origin["attribute"]],
        rule=[label(rule, "rules") for rule in origin["rule"]],
    )[["attribute", "golden_value", "channel", "source_customer_id", "rule", "record_count", "value_count"]]
    show_table(table, shown, "customer_attribute_provenance", key="golden_values")


def _golden_values(customer: Customer) -> dict[str, str | None]:
    """What may be shown of each golden value: in clear with --reveal, else masked, coarse or absent."""
    row, clear = customer.row, customer.clear
    place = [clear("street"), row["city"], row["region"], clear("postcode"), row["country"]]
    birth = clear("birth_date")
    return {
        "full_name": clear("full_name") or row["masked_full_name"],
        "given_name": clear("given_name"),
        "family_name": clear("family_name"),
        "phone": clear("phone") or row["masked_phone"],
        "email": clear("email") or row["masked_email"],
        "birth_date": day(birth) if birth is not None else _year(row["birth_year"]),
        "gender": row["gender"],
        "address": ", ".join(str(part) for part in place if part is not None and not pd.isna(part)),
    }


def draw_records(customer: Customer) -> None:
    """The records behind the id, and how sure identity is of each."""
    found = queries.records(customer.shown, customer.customer_id)
    st.caption(
        t("customer.records_about", records=number(len(found)), channels=number(found["channel"].nunique()))
    )
    table = found.assign(record_kind=[label(kind, "record_kinds") for kind in found["record_kind"]])
    show_table(table, customer.shown, "customer_crosswalk", key="customer_records")
    st.caption(t("customer.explain", customer_id=customer.customer_id))
    household = customer.row["household_id"]
    if not pd.isna(household):
        st.caption(t("customer.household", household_id=household))
    _draw_id_events(customer.shown, customer)


@section("customer.events", "customer_id_events")
def _draw_id_events(shown: Published, customer: Customer) -> None:
    found = queries.id_events(shown, customer.customer_id)
    if found.empty:
        empty("customer.events.none")
        return
    named = found.assign(event=[label(event, "id_events") for event in found["event"]])
    show_table(named, shown, "customer_id_events", key="customer_id_events")


def draw_timeline(customer: Customer) -> None:
    """Orders, refunds and touches over all channels, as a picture and as a list."""
    events = queries.timeline(customer.shown, customer.customer_id)
    if events.empty:
        empty("customer.no_events")
        return
    charts.draw(_timeline_chart(events), t("customer.timeline.tab"), key="customer_timeline")
    if len(events) == queries.TIMELINE_LIMIT:
        st.caption(t("customer.timeline_cut", limit=queries.TIMELINE_LIMIT))
    table = events.assign(event=[label(event, "events") for event in events["event"]])
    show_table(table, customer.shown, "orders", key="customer_events", height=320)
    _draw_bought(customer.shown, customer)


@section("customer.bought", "order_lines")
def _draw_bought(shown: Published, customer: Customer) -> None:
    found = queries.bought(shown, customer.customer_id)
    if found.empty:
        empty("customer.bought.none")
        return
    show_table(found, shown, "order_lines", key="customer_bought", height=320)


def _timeline_chart(events: pd.DataFrame) -> Any:
    kinds = list(EVENT_SHAPES)
    return (
        alt.Chart(events)
        .mark_point(filled=True, opacity=0.75, size=70)
        .encode(
            x=alt.X("happened_at:T", title=None, axis=alt.Axis(format="%d %b %y", grid=True, tickCount=8)),
            y=alt.Y("lane:N", title=None, axis=alt.Axis(grid=True, domain=False, ticks=False)),
            shape=alt.Shape(
                "event:N", scale=alt.Scale(domain=kinds, range=list(EVENT_SHAPES.values())), legend=None
            ),
            color=alt.Color(
                "event:N",
                scale=alt.Scale(domain=kinds, range=list(EVENT_COLOURS.values())),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=[
                alt.Tooltip("happened_at:T", title=label("happened_at"), format="%d %b %Y %H:%M"),
                alt.Tooltip("event:N", title=label("event")),
                alt.Tooltip("what:N", title=label("what")),
                alt.Tooltip("gross_revenue:Q", title=label("gross_revenue"), format=",.2f"),
            ],
        )
        .properties(height=alt.Step(34))
    )


def draw_value(customer: Customer) -> None:
    """RFM, lifecycle, expected value and traits side by side, each fact with its definition."""
    places = st.columns(2, gap="large")
    for position, mart in enumerate(FACTS):
        with places[position % 2]:
            section(f"customer.{mart}", mart)(_draw_facts)(customer.shown, customer, mart)


def _draw_facts(shown: Published, customer: Customer, mart: str) -> None:
    found = _rows(customer, mart)
    if found.empty:
        empty("customer.not_in_mart")
        return
    row, comments = found.iloc[0].drop(labels=["customer_id"]), shown.column_comments(mart)
    facts = pd.DataFrame(
        {
            "fact": [label(str(name)) for name in row.index],
            "fact_value": [shown_fact(str(name), value, customer.currency) for name, value in row.items()],
            "definition": [comments.get(str(name), "") for name in row.index],
        }
    )
    show_table(facts, shown, key=f"facts_{mart}")


def _rows(customer: Customer, mart: str) -> pd.DataFrame:
    if customer.shown.missing([mart]):
        return pd.DataFrame()
    return queries.of_customer(customer.shown, mart, customer.customer_id)


def shown_fact(name: str, value: Any, currency: str) -> str:
    """One value of any type as text, by its name's ending as in tables."""
    if value is None or pd.isna(value):
        return NOTHING
    if pd.api.types.is_bool(value):  # numpy's too
        return yes_no(bool(value))
    if isinstance(value, pd.Timestamp):
        return day(value)
    if isinstance(value, str):
        return known(f"values.{value}", value)
    if name.endswith(SHARE_ENDINGS):
        return share(value)
    if name.endswith(MONEY_ENDINGS):
        return money(value, currency)
    return number(value, 0 if float(value).is_integer() else 2)


def _text(value: Any) -> str:
    return NOTHING if value is None or pd.isna(value) else str(value)


def _year(value: Any) -> str | None:
    return None if pd.isna(value) else f"{value:.0f}"
