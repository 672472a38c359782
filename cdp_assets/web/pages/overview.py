"""Overview page: scorecard, trends, and how fresh each channel is; a figure that a late channel leaves incomplete says so."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cdp_assets.insight.scorecard import metrics_in_order
from cdp_assets.web import charts
from cdp_assets.web.blocks import Blocks, Figure, Figures, Note, Row, polyline, records, section
from cdp_assets.web.formats import NOTHING, nothing
from cdp_assets.web.lateness import late_notes
from cdp_assets.web.page import Page
from cdp_assets.web.queries import overview as queries
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

TONES = {"green": "good", "below_target": "watch", "yellow": "watch", "red": "bad"}


def build(view: View) -> Blocks:
    """The whole page."""
    return [_weekly(view), Row([_revenue(view), _buyers(view)]), _quarterly(view), _freshness(view)]


@section("overview.weekly", "scorecard_weekly", "orders")
def _weekly(view: View) -> Blocks:
    found = _scorecard(view, "weekly")
    if found.empty:
        return [Note(view.t("overview.no_scorecard"), "empty")]
    late = queries.late_channels(view.shown, _common(found["period_end"]))
    return [
        Note(_period(view, found)),
        *late_notes(view, _common(found["period_end"])),
        Figures([_figure(view, row, is_incomplete=not late.empty) for row in records(found)]),
    ]


def _scorecard(view: View, cadence: str) -> pd.DataFrame:
    """The metrics in the order of their file, which is the retailer's own; what it does not name comes last."""
    found = queries.scorecard(view.shown, cadence)
    places = {
        name: place for place, name in enumerate(metrics_in_order(view.settings.reference_dir, cadence))
    }
    return (
        found.sort_values("metric", key=lambda names: names.map(places), kind="stable") if places else found
    )


def _period(view: View, found: pd.DataFrame) -> str:
    start, end = _common(found["period_start"]), _common(found["period_end"])
    return view.t("overview.period", start=view.formats.day(start), end=view.formats.day(end))


def _common(dates: pd.Series) -> pd.Timestamp | None:
    """The period that most of the metrics have."""
    most = dates.mode()
    return None if most.empty else pd.Timestamp(most.iloc[0])


def _figure(view: View, row: dict[str, Any], *, is_incomplete: bool) -> Figure:
    trend = row["trend"]
    rises_well = row["direction"] == "up"
    tone = "" if nothing(trend) or trend == 0 else "good" if (trend > 0) == rises_well else "bad"
    is_touched = is_incomplete and row["unit"] != "days"
    return Figure(
        view.label(str(row["metric"]), "metrics"),
        in_unit(view, row["metric_value"], str(row["unit"])),
        help=f"{view.label(str(row['title']), 'indicators')}. {view.label(str(row['status']), 'statuses')}",
        change=None if nothing(trend) else view.formats.change(trend),
        tone="" if is_touched else tone,
        points=polyline([float(value) for value in row["history"]]),
        marks=[view.t("overview.incomplete")] if is_touched else [],
    )


@section("overview.quarterly", "scorecard_quarterly", "orders")
def _quarterly(view: View) -> Blocks:
    found = _scorecard(view, "quarterly")
    if found.empty:
        return [Note(view.t("overview.no_scorecard"), "empty")]
    numbers = {name: _in_units(view, found, name) for name in ("metric_value", "baseline", "target")}
    shown = pd.DataFrame(
        {
            "title": found["title"],
            "metric_value": numbers["metric_value"],
            "status": [_status(row) for row in records(found)],
            "target": numbers["target"],
            "baseline": numbers["baseline"],
            "trend": [view.formats.change(value) for value in found["trend"]],
            "metric_group": [view.label(str(group), "metric_groups") for group in found["metric_group"]],
        }
    )
    return [
        Note(_period(view, found)),
        *late_notes(view, _common(found["period_end"])),
        table(
            view, "scorecard", shown, "scorecard_quarterly", families={"status": "statuses"}, tones={"status": TONES}, sortable=False,
            numbers=[*numbers, "trend"], group="metric_group", also=["metric_group"],
        ),
    ]  # fmt: skip


def _status(row: dict[str, Any]) -> str:
    """The status by its limits, but never good where the target is missed: a value within the limit of green may do so."""
    status = str(row["status"])
    if status not in {"green", "no limit"} or nothing(row["target"]) or nothing(row["metric_value"]):
        return status
    sign = 1 if row["direction"] == "up" else -1
    return "green" if sign * row["metric_value"] >= sign * row["target"] else "below_target"


@section("overview.revenue", "orders", "dates")
def _revenue(view: View) -> Blocks:
    found = queries.weekly_revenue(view.shown)
    if found.empty:
        return [Note(view.t("overview.no_orders"), "empty")]
    late = late_notes(view, found["week_start"].max() + pd.Timedelta(days=6))
    chart = charts.stacked(
        view, view.spelled(found, "channels", "channel"), "week_start", "net_revenue", "channel"
    )
    return [*late, charts.picture(view, "revenue", view.t("overview.revenue.title"), chart)]


@section("overview.buyers", "orders", "dates")
def _buyers(view: View) -> Blocks:
    found = queries.weekly_customers(view.shown)
    if found.empty:
        return [Note(view.t("overview.no_orders"), "empty")]
    found = view.spelled(found, "customer_types", "customer_type")
    late = late_notes(view, found["week_start"].max() + pd.Timedelta(days=6))
    chart = charts.lines(view, found, "week_start", "customer_count", "customer_type")
    return [*late, charts.picture(view, "buyers", view.t("overview.buyers.title"), chart)]


@section("overview.freshness", "orders", "touchpoints", "dates", "ops_loads")
def _freshness(view: View) -> Blocks:
    return [table(view, "freshness", queries.freshness(view.shown))]


def in_unit(view: View, value: Any, unit: str) -> str:
    """A metric in the unit that the scorecard's seed gives it."""
    if nothing(value):
        return NOTHING
    if unit == "money":
        return view.formats.money(float(value))
    if unit == "share":
        return view.formats.share(float(value))
    return view.formats.number(
        float(value), 0 if unit in {"customers", "orders"} else 1 if unit in {"days", "hours"} else 2
    )


def _in_units(view: View, rows: pd.DataFrame, name: str) -> list[str]:
    return [in_unit(view, value, str(unit)) for value, unit in zip(rows[name], rows["unit"], strict=True)]


PAGE = Page("overview", {"all": build}, is_still=True, address="/")
