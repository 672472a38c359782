"""Overview page: scorecard, trends, what the last run changed, and how fresh each channel is."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from cdp_assets.pages import charts
from cdp_assets.pages.formats import NOTHING, day, money, number, share, show_table
from cdp_assets.pages.frame import empty, open_page, section
from cdp_assets.pages.published import Published, previous_published
from cdp_assets.pages.queries import overview as queries
from cdp_assets.pages.texts import label, t
from cdp_assets.pages.theme import MUTED, STATUS

TOTALS = ("customers", "records", "orders", "net_revenue", "touches")


def render() -> None:
    """Draw the page."""
    shown, settings = open_page("overview")
    _draw_weekly(shown, settings.reporting_currency)
    left, right = st.columns(2, gap="large")
    with left:
        _draw_revenue(shown)
    with right:
        _draw_buyers(shown)
    _draw_quarterly(shown, settings.reporting_currency)
    left, right = st.columns(2, gap="large")
    with left:
        _draw_changes(shown, settings.reporting_currency)
    with right:
        _draw_freshness(shown)


@section("overview.weekly", "scorecard_weekly")
def _draw_weekly(shown: Published, currency: str) -> None:
    found = queries.scorecard(shown, "weekly")
    if found.empty:
        empty("overview.no_scorecard")
        return
    st.caption(
        t(
            "overview.period",
            start=day(found["period_start"].mode()[0]),
            end=day(found["period_end"].mode()[0]),
        )
    )
    for place, (_, row) in zip(st.columns(len(found)), found.iterrows(), strict=True):
        place.metric(
            label(str(row["metric"]), "metrics"),
            in_unit(row["metric_value"], str(row["unit"]), currency),
            delta=None if pd.isna(row["trend"]) else f"{row['trend']:+.1%}",
            delta_color="normal" if row["direction"] == "up" else "inverse",
            help=f"{row['title']}. {label(str(row['status']), 'statuses')}",
            chart_data=[float(value) for value in row["history"]],
            border=True,
        )


@section("overview.quarterly", "scorecard_quarterly")
def _draw_quarterly(shown: Published, currency: str) -> None:
    found = queries.scorecard(shown, "quarterly")
    if found.empty:
        empty("overview.no_scorecard")
        return
    st.caption(
        t(
            "overview.period",
            start=day(found["period_start"].mode()[0]),
            end=day(found["period_end"].mode()[0]),
        )
    )
    for group, rows in found.groupby("metric_group"):
        st.markdown(f"**{label(str(group), 'metric_groups')}**")
        _draw_group(shown, str(group), rows, currency)


def _draw_group(shown: Published, group: str, rows: pd.DataFrame, currency: str) -> None:
    states = [f"● {label(str(status), 'statuses')}" for status in rows["status"]]
    table = pd.DataFrame(
        {
            "status": states,
            "title": rows["title"],
            "metric_value": _in_units(rows, "metric_value", currency),
            "baseline": _in_units(rows, "baseline", currency),
            "trend": rows["trend"],
            "target": _in_units(rows, "target", currency),
            "history": rows["history"],
        }
    )
    colours = {
        state: STATUS.get(str(status), MUTED) for state, status in zip(states, rows["status"], strict=True)
    }
    columns = {
        "status": st.column_config.TextColumn(label("status"), width=110),
        "title": st.column_config.TextColumn(label("title"), width=420),
        "history": st.column_config.LineChartColumn(label("history"), width=150),
    }
    show_table(
        table, shown, "scorecard_quarterly", key=f"scorecard_{group}", height="content",
        shares=["trend"], colours={"status": colours}, columns=columns,
    )  # fmt: skip


@section("overview.revenue", "orders", "dates")
def _draw_revenue(shown: Published) -> None:
    found = queries.weekly_revenue(shown)
    if found.empty:
        empty("overview.no_orders")
        return
    charts.draw(
        charts.stacked(found, "week_start", "net_revenue", "channel"),
        t("overview.revenue.title"),
        key="revenue",
    )


@section("overview.buyers", "orders", "dates")
def _draw_buyers(shown: Published) -> None:
    found = queries.weekly_customers(shown)
    if found.empty:
        empty("overview.no_orders")
        return
    charts.draw(
        charts.lines(found, "week_start", "customer_count", "customer_type"),
        t("overview.buyers.title"),
        key="buyers",
    )


@section("overview.changes", "customers", "customer_crosswalk", "orders", "touchpoints")
def _draw_changes(shown: Published, currency: str) -> None:
    before = previous_published(shown)
    if before is None:
        empty("overview.changes.first")
        return
    st.caption(t("overview.changes.between", before=before.generation, as_of_date=day(before.as_of_date())))
    if not before.missing(["customers", "customer_crosswalk", "orders", "touchpoints"]):
        old, new = queries.totals(before).iloc[0], queries.totals(shown).iloc[0]
        figures = pd.DataFrame(
            {
                "figure": [label(name, "totals") for name in TOTALS],
                "value_before": [_total(name, old[name], currency) for name in TOTALS],
                "value_now": [_total(name, new[name], currency) for name in TOTALS],
                "change": [(new[name] or 0) - (old[name] or 0) for name in TOTALS],
            }
        )
        show_table(figures, shown, key="figures")
    table = queries.row_counts(before).merge(
        queries.row_counts(shown), on="mart", how="outer", suffixes=("_before", "")
    )
    table["change"] = table["row_count"].fillna(0) - table["row_count_before"].fillna(0)
    st.caption(t("overview.changes.rows"))
    changed = table[table["change"] != 0].sort_values("change", key=abs, ascending=False)
    if changed.empty:
        empty("overview.changes.none")
        return
    show_table(changed, shown, key="changes", height="content" if len(changed) < 12 else 420)


@section("overview.freshness", "orders", "touchpoints", "dates", "ops_loads")
def _draw_freshness(shown: Published) -> None:
    show_table(queries.freshness(shown), shown, key="freshness", height="content")


def in_unit(value: Any, unit: str, currency: str) -> str:
    """A metric in the unit that the scorecard's seed gives it."""
    if value is None or pd.isna(value):
        return NOTHING
    if unit == "money":
        return money(float(value), currency)
    if unit == "share":
        return share(float(value))
    return number(
        float(value), 0 if unit in {"customers", "orders"} else 1 if unit in {"days", "hours"} else 2
    )


def _in_units(rows: pd.DataFrame, name: str, currency: str) -> list[str]:
    return [in_unit(value, str(unit), currency) for value, unit in zip(rows[name], rows["unit"], strict=True)]


def _total(name: str, value: Any, currency: str) -> str:
    return money(value, currency) if name == "net_revenue" else number(value)
