"""Identity page: quality, large clusters, blocked identifiers, changes of ids. The review queue is a page of its own."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cdp_assets.web import charts
from cdp_assets.web.blocks import Blocks, Field, Figure, Figures, Note, Row, section
from cdp_assets.web.filters import filters
from cdp_assets.web.page import Page
from cdp_assets.web.queries import identity as queries
from cdp_assets.web.tables import Link, table
from cdp_assets.web.view import View

HEADLINES = ("records", "customers", "largest_customer_records", "guard_events", "review_queue")


def quality(view: View) -> Blocks:
    """Measures run by run, and what became of ids."""
    return [_quality(view), _events(view)]


@section("identity.quality", "ops_identity_quality")
def _quality(view: View) -> Blocks:
    found = queries.quality(view.shown)
    if found.empty:
        return [Note(view.t("identity.quality.none"), "empty")]
    latest = _totals(found)
    metrics = sorted(found["metric"].unique())
    metric = view.choice("metric", metrics, "customers" if "customers" in metrics else metrics[0])
    rows = found[found["metric"] == metric]
    options = [(name, view.label(name, "identity_metrics")) for name in metrics]
    blocks: list[Any] = [
        Figures(
            [
                Figure(view.label(name, "identity_metrics"), view.formats.number(latest.get(name)))
                for name in HEADLINES
            ]
        ),
        filters(view, [Field("metric", view.t("identity.quality.metric"), "select", options, [metric])]),
    ]
    if rows["as_of_date"].nunique() > 1:
        named = view.spelled(rows, "dimensions", "dimension")
        chart = charts.lines(view, named, "as_of_date", "metric_value", "dimension")
        blocks.append(charts.picture(view, "identity_trend", view.t("identity.quality.title"), chart))
    ordered = rows.sort_values(["as_of_date", "dimension"], ascending=[False, True])
    names = ["as_of_date", "dimension", "metric_value"]
    return [*blocks, table(view, "identity_quality", ordered, "ops_identity_quality", names=names)]


def _totals(found: pd.DataFrame) -> dict[str, float]:
    """Value per metric at the latest date: that of dimension `all` where there is one, else the sum over dimensions."""
    latest = found[found["as_of_date"] == found["as_of_date"].max()]
    whole = latest[latest["dimension"] == "all"].set_index("metric")["metric_value"].to_dict()
    return {**latest.groupby("metric")["metric_value"].sum().to_dict(), **whole}


@section("identity.events", queries.EVENTS)
def _events(view: View) -> Blocks:
    found = queries.id_events(view.shown)
    if found.empty:
        return [Note(view.t("identity.events.none"), "empty")]
    return [table(view, "id_events", found, queries.EVENTS, links=_links(view), rows=25)]


def _links(view: View) -> dict[str, Link]:
    return view.customer_links("customer_id", "other_customer_id")


def clusters(view: View) -> Blocks:
    """How many records stand behind customers, and the largest."""
    return [Row([_sizes(view), _largest(view)], "third")]


@section("identity.clusters", "customers")
def _sizes(view: View) -> Blocks:
    found = queries.sizes(view.shown)
    named = view.spelled(found, "sizes", "records_behind")
    chart = charts.bars(view, named, "records_behind", "customer_count", order=list(named["records_behind"]))
    return [charts.picture(view, "cluster_sizes", view.t("identity.clusters.title"), chart)]


@section("identity.largest", "customers", "customer_crosswalk")
def _largest(view: View) -> Blocks:
    return [
        table(
            view,
            "largest_clusters",
            queries.largest(view.shown),
            "customers",
            "customer_crosswalk",
            links=_links(view),
        )
    ]


@section("identity.guards", queries.GUARDS)
def guards(view: View) -> Blocks:
    """Evidence that was refused."""
    found = queries.guard_events(view.shown)
    if found.empty:
        return [Note(view.t("identity.guards.none"), "empty")]
    by_guard = view.spelled(found.groupby("guard", as_index=False)["record_count"].sum(), "guards", "guard")
    chart = charts.bars(view, by_guard, "guard", "record_count")
    return [
        charts.picture(view, "guards", view.t("identity.guards.title"), chart),
        table(view, "guard_events", found, queries.GUARDS),
    ]


PAGE = Page(
    "identity",
    {"quality": quality, "clusters": clusters, "guards": lambda view: [guards(view)]},
    group="data",
    is_still=True,
)
