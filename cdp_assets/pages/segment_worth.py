"""What segments are expected to be worth, and how well the customer value models have predicted so far."""

from __future__ import annotations

import streamlit as st

from cdp_assets.pages import charts
from cdp_assets.pages.formats import day, show_table, spelled
from cdp_assets.pages.frame import empty, section
from cdp_assets.pages.published import Published
from cdp_assets.pages.queries import segments as queries
from cdp_assets.pages.texts import t

VALUE = "discounted_value_12_months"


@section("segments.worth", "customer_rfm", "customer_value")
def draw_value(shown: Published) -> None:
    """Expected value of each segment, as a picture and as figures."""
    found = queries.value_by_segment(shown)
    if found.empty:
        empty("segments.nobody")
        return
    charts.draw(
        charts.bars(found[["segment", VALUE]], "segment", VALUE),
        t("segments.worth.title"),
        key="segment_worth",
    )
    show_table(found, shown, "customer_value", "rfm_segments", key="segment_worth_table")


@section("segments.calibration", "customer_value_calibration")
def draw_calibration(shown: Published) -> None:
    """Repeat purchases of each week beside those that the model predicted from the weeks before the holdout."""
    found = queries.calibration(shown)
    if found.empty:
        empty("segments.calibration.none")
        return
    held_out = found[found["is_holdout"]]
    if not held_out.empty:
        st.caption(t("segments.calibration.holdout", start=day(held_out["week_start_date"].min())))
    named = spelled(found, "calibrations", "kind")
    charts.draw(
        charts.lines(named, "week_start_date", "repeat_orders", "kind"),
        t("segments.calibration.title"),
        key="calibration",
    )


@section("segments.fit", "customer_value_fit")
def draw_fit(shown: Published) -> None:
    """The fitted parameters, or why yesterday's serve."""
    found = queries.value_fit(shown)
    if found.empty:
        empty("segments.calibration.none")
        return
    named = spelled(found.dropna(axis="columns", how="all"), "value_models", "model")
    show_table(named, shown, "customer_value_fit", key="value_fit")
