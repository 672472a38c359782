"""Beginnings page: which channel or store brings customers who buy elsewhere too, what they are worth, cohorts, second purchases."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cdp_assets.web import charts
from cdp_assets.web.blocks import Blocks, Field, Note, section
from cdp_assets.web.filters import filters
from cdp_assets.web.lateness import late_notes
from cdp_assets.web.page import Page
from cdp_assets.web.queries import beginnings as queries
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

NOWHERE = "(none)"
HEADINGS = ("one_channel_value", "omnichannel_value", "tenured_customers")
WITHIN = {"share_by_30_days": 30, "share_by_60_days": 60, "share_by_90_days": 90}


def channels(view: View) -> Blocks:
    """Where customers begin, where they go on, and what they are worth at equal tenure."""
    place = view.choice("place", list(queries.PLACES))
    days = int(view.choice("tenure", [str(each) for each in queries.TENURES]))
    form = filters(
        view,
        [
            Field("place", view.t("beginnings.place"), "radio", [(n, view.label(n, "places")) for n in queries.PLACES], [place]),
            Field("tenure", view.t("beginnings.tenure"), "radio", [(str(n), view.t("beginnings.days", days=n)) for n in queries.TENURES], [str(days)]),
        ],
    )  # fmt: skip
    return [form, *late_notes(view), _worth(view, place, days), _first_and_later(view, days)]


@section("beginnings.worth", "omnichannel")
def _worth(view: View, place: str, days: int) -> Blocks:
    found = queries.worth(view.shown, place, days)
    if found.empty:
        return [Note(view.t("beginnings.nobody"), "empty")]
    name = queries.PLACES[place][-1]
    named = found.assign(
        place=[
            f"{view.label(row['first_channel'], 'channels')} · {view.t('beginnings.no_store')}"
            if row[name] == NOWHERE
            else _place(view, row[name])
            for _, row in found.iterrows()
        ]
    )
    chart = charts.bars(view, named[["place", "omnichannel_customers"]], "place", "omnichannel_customers")
    rows = found.assign(**{name: named["place"]})
    return [
        charts.picture(view, "omnichannel", view.t("beginnings.worth.title"), chart),
        table(
            view, "worth", rows, "omnichannel", shares=["omnichannel_share"],
            headings={"place": view.t("beginnings.place"), **{each: view.t(f"beginnings.{each}", days=days) for each in HEADINGS}},
        ),
    ]  # fmt: skip


def _place(view: View, code: Any) -> str:
    return view.t("beginnings.no_store") if code == NOWHERE else view.texts.names(str(code), "channels")


@section("beginnings.first_and_later", "omnichannel")
def _first_and_later(view: View, days: int) -> Blocks:
    found = queries.first_and_later(view.shown, days)
    if found.empty:
        return [Note(view.t("beginnings.nobody"), "empty")]
    named = found.assign(
        later_channels=[
            view.t("beginnings.stayed") if each == NOWHERE else view.texts.names(each, "channels")
            for each in found["later_channels"]
        ],
        first_channel=[view.texts.names(each, "channels") for each in found["first_channel"]],
    )
    known = named[named["value_of_tenure"].notna()]
    order = [
        view.t("beginnings.stayed"),
        *sorted(set(named["later_channels"]) - {view.t("beginnings.stayed")}),
    ]
    chart = charts.grid(
        view, known[["first_channel", "later_channels", "value_of_tenure", "tenured_customers"]], "first_channel", "later_channels",
        "value_of_tenure", shape=charts.MONEY, y_order=order, height=60 + 32 * known["later_channels"].nunique(),
    )  # fmt: skip
    return [
        charts.picture(view, "first_and_later", view.t("beginnings.first_and_later.title"), chart),
        table(
            view, "first_and_later", named, "omnichannel",
            headings={"value_of_tenure": view.t("beginnings.value_of_tenure", days=days), "tenured_customers": view.t("beginnings.tenured_customers", days=days)},
        ),
    ]  # fmt: skip


@section("beginnings.cohorts", "customer_cohorts")
def cohorts(view: View) -> Blocks:
    """How many of each month's new customers come back, month after month, or what they brought so far."""
    names = queries.cohort_channels(view.shown)
    channel = view.choice("channel", ["", *names])
    known = [("", view.t("beginnings.every")), *((name, view.label(name, "channels")) for name in names)]
    measure = view.choice("measure", ["retention", "value_so_far"])
    form = filters(
        view,
        [
            Field("channel", view.label("first_channel"), "select", known, [channel], are_names=True),
            Field("measure", view.t("segments.measure"), "radio", [(n, view.label(n)) for n in ("retention", "value_so_far")], [measure]),
        ],
    )  # fmt: skip
    found = queries.cohorts(view.shown, channel or None)
    if found.empty:
        return [form, Note(view.t("beginnings.nobody"), "empty")]
    shown = found.assign(cohort_month=[view.formats.month(month) for month in found["cohort_month"]])
    later = shown[shown["months_since"] > 0] if measure == "retention" else shown
    drawn = later[["cohort_month", "months_since", measure, "cohort_customers"]]
    chart = charts.grid(
        view, drawn, "months_since", "cohort_month", measure, shape=".0%" if measure == "retention" else charts.MONEY,
        y_order=list(dict.fromkeys(drawn["cohort_month"])), height=60 + 26 * max(drawn["cohort_month"].nunique(), 1),
    )  # fmt: skip
    picture = (
        [charts.picture(view, f"cohorts_{measure}", view.t("beginnings.cohorts.title"), chart)]
        if len(drawn)
        else []
    )
    return [
        form,
        *late_notes(view),
        *picture,
        table(view, "cohorts", shown, "customer_cohorts", shares=["retention"], rows=20),
    ]


@section("beginnings.repeat", "repeat_purchase")
def repeat(view: View) -> Blocks:
    """How many come a second time within 30, 60 and 90 days, among those who had the time."""
    found = queries.second_purchases(view.shown)
    if found.empty:
        return [Note(view.t("beginnings.nobody"), "empty")]
    named = found.assign(
        channel=[
            view.t("beginnings.every") if each == "all" else view.label(each, "channels")
            for each in found["channel"]
        ]
    )
    within = named.drop(columns=["repeat_share"])
    long = within.melt(
        id_vars=["channel"], value_vars=list(WITHIN), var_name="within", value_name="repeat_share"
    )
    long = long.assign(
        within=[view.t("beginnings.days", days=WITHIN[each]) for each in long["within"]]
    ).dropna()
    blocks: list[Any] = [*late_notes(view)]
    if len(long):
        chart = charts.lines_over(view, pd.DataFrame(long), "within", "repeat_share", "channel")
        blocks.append(charts.picture(view, "repeat", view.t("beginnings.repeat.title"), chart))
    shares = [*WITHIN, "repeat_share"]
    return [*blocks, table(view, "repeat", named, "repeat_purchase", shares=shares)]


PAGE = Page(
    "beginnings",
    {"channels": channels, "cohorts": lambda view: [cohorts(view)], "repeat": lambda view: [repeat(view)]},
    is_still=True,
)
