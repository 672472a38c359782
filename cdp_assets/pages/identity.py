"""Identity page: quality, large clusters, refused evidence, changes of ids. The review queue is drawn by `review`."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cdp_assets.pages import charts, review
from cdp_assets.pages.customers import open_customer
from cdp_assets.pages.formats import number, show_table
from cdp_assets.pages.frame import draw_tabs, empty, open_page, section
from cdp_assets.pages.published import Published
from cdp_assets.pages.queries import identity as queries
from cdp_assets.pages.texts import label, t
from cdp_assets.settings import Settings

HEADLINES = ("records", "customers", "largest_customer_records", "guard_events", "review_queue")


def render() -> None:
    """Draw the page."""
    shown, settings = open_page("identity")
    draw_tabs(
        "identity",
        {
            "quality": lambda: _draw_measures(shown),
            "clusters": lambda: _draw_clusters(shown),
            "guards": lambda: _draw_guards(shown),
            "queue": lambda: _draw_queue(shown, settings),
        },
    )


def _draw_measures(shown: Published) -> None:
    _draw_quality(shown)
    _draw_events(shown)


def _draw_clusters(shown: Published) -> None:
    left, right = st.columns([1, 2], gap="large")
    with left:
        _draw_sizes(shown)
    with right:
        _draw_largest(shown)


def _draw_queue(shown: Published, settings: Settings) -> None:
    review.draw_queue(shown, settings)
    review.draw_waiting(settings)


@section("identity.quality", "ops_identity_quality")
def _draw_quality(shown: Published) -> None:
    found = queries.quality(shown)
    if found.empty:
        empty("identity.quality.none")
        return
    latest = _totals(found)
    for place, metric in zip(st.columns(len(HEADLINES)), HEADLINES, strict=True):
        place.metric(label(metric, "identity_metrics"), number(latest.get(metric)))
    metrics = sorted(found["metric"].unique())
    chosen, _ = st.columns([1, 2])
    metric = str(
        chosen.selectbox(
            t("identity.quality.metric"), metrics, index=metrics.index("customers") if "customers" in metrics else 0,
            format_func=lambda name: label(name, "identity_metrics"), key="identity_metric",
        )
    )  # fmt: skip
    rows = found[found["metric"] == metric]
    if rows["as_of_date"].nunique() > 1:
        charts.draw(
            charts.lines(rows, "as_of_date", "metric_value", "dimension"),
            t("identity.quality.title"),
            key="identity_trend",
        )
    show_table(
        rows.sort_values(["as_of_date", "dimension"], ascending=[False, True])[["as_of_date", "dimension", "metric_value"]],
        shown, "ops_identity_quality", key="identity_quality", height=260,
    )  # fmt: skip


def _totals(found: pd.DataFrame) -> dict[str, float]:
    """Value per metric at the latest date: that of dimension `all` where there is one, else the sum over dimensions."""
    latest = found[found["as_of_date"] == found["as_of_date"].max()]
    whole = latest[latest["dimension"] == "all"].set_index("metric")["metric_value"].to_dict()
    return {**latest.groupby("metric")["metric_value"].sum().to_dict(), **whole}


@section("identity.events", queries.EVENTS)
def _draw_events(shown: Published) -> None:
    found = queries.id_events(shown)
    if found.empty:
        empty("identity.events.none")
        return
    named = found.assign(event=[label(event, "id_events") for event in found["event"]])
    chosen = show_table(named, shown, queries.EVENTS, key="id_events", height=300, selectable=True)
    if chosen:
        open_customer(str(found["customer_id"].iloc[chosen[0]]))


@section("identity.clusters", "customers")
def _draw_sizes(shown: Published) -> None:
    found = queries.sizes(shown)
    charts.draw(
        charts.bars(found, "records_behind", "customer_count", order=list(found["records_behind"])),
        t("identity.clusters.title"), key="cluster_sizes",
    )  # fmt: skip


@section("identity.largest", "customers", "customer_crosswalk")
def _draw_largest(shown: Published) -> None:
    found = queries.largest(shown)
    chosen = show_table(
        found, shown, "customers", "customer_crosswalk", key="largest_clusters", selectable=True
    )
    st.caption(t("customers.pick"))
    if chosen:
        open_customer(str(found["customer_id"].iloc[chosen[0]]))


@section("identity.guards", queries.GUARDS)
def _draw_guards(shown: Published) -> None:
    found = queries.guard_events(shown)
    if found.empty:
        empty("identity.guards.none")
        return
    by_guard = found.groupby("guard", as_index=False)["record_count"].sum()
    by_guard = by_guard.assign(guard=[label(guard, "guards") for guard in by_guard["guard"]])
    charts.draw(charts.bars(by_guard, "guard", "record_count"), t("identity.guards.title"), key="guards")
    named = found.assign(guard=[label(guard, "guards") for guard in found["guard"]])
    show_table(named, shown, queries.GUARDS, key="guard_events", height=420)
