"""Touchpoints page: where the retailer meets people, whom each point knows and may reach, and how far sessions come."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web import charts
from cdp_assets.web.blocks import Blocks, Field, Note, section
from cdp_assets.web.filters import filters
from cdp_assets.web.lateness import late_notes
from cdp_assets.web.page import Page
from cdp_assets.web.queries import offers as queries
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

LISTED = [
    "channel",
    "touch_type",
    "kind",
    "owner",
    "can_be_credited",
    "events",
    "identified_share",
    "reachable_share",
    "credited_conversions",
    "credited_net_revenue",
]
FILED = ["identified_events", "reachable_events", "first_seen_date", "last_seen_date"]


@section("touchpoints.registry", "touchpoint_registry")
def registry(view: View) -> Blocks:
    """One row per kind of touch."""
    found = queries.registry(view.shown)
    if found.empty:
        return [Note(view.t("touchpoints.none"), "empty")]
    return [
        table(
            view, "registry", found, "touchpoint_registry", names=LISTED, families={"kind": "touch_kinds"},
            shares=["identified_share", "reachable_share"], also=FILED,
        )
    ]  # fmt: skip


@section("touchpoints.funnel", "funnel")
def funnel(view: View) -> Blocks:
    """Sessions at every step up to a purchase."""
    months = queries.funnel_months(view.shown)
    if not months:
        return [Note(view.t("touchpoints.none"), "empty")]
    names = [f"{month:%Y-%m}" for month in months]
    chosen = view.choice("month", ["", *names])
    options = [
        ("", view.t("touchpoints.all_months")),
        *((name, view.formats.month(f"{name}-01")) for name in names),
    ]
    form = filters(view, [Field("month", view.t("segments.flow.month"), "select", options, [chosen])])
    found = queries.funnel(view.shown, months[names.index(chosen)] if chosen else None)
    if found.empty:
        return [form, Note(view.t("touchpoints.none"), "empty")]
    totals = pd.DataFrame({"step": [view.label(name) for name in queries.STEPS], "sessions": [int(found[name].sum()) for name in queries.STEPS]})  # fmt: skip
    chart = charts.bars(view, totals, "step", "sessions", order=list(totals["step"]))
    return [
        form,
        *late_notes(view),
        charts.picture(view, "funnel", view.t("touchpoints.funnel.title"), chart),
        table(view, "funnel", found, "funnel", shares=["purchase_share"]),
    ]


PAGE = Page(
    "touchpoints",
    {"registry": lambda view: [registry(view)], "funnel": lambda view: [funnel(view)]},
    is_still=True,
)
