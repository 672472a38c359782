"""Attribution page: its filters and tabs. The parts are drawn by `attribution_parts`."""

from __future__ import annotations

import streamlit as st

from cdp_assets.pages import attribution_parts as parts
from cdp_assets.pages.frame import draw_tabs, empty, open_page
from cdp_assets.pages.published import Published
from cdp_assets.pages.queries import attribution as queries
from cdp_assets.pages.texts import label, t

CUSTOMER_TYPES = ["all", "new", "returning", "unknown"]
FIRST_CHOICE = ("first_touch", "last_touch", "linear", "time_decay", "markov_1")


def render() -> None:
    """Draw the page."""
    shown, settings = open_page("attribution")
    missing = shown.missing(["attribution_summary"])
    if missing:
        st.info(t("frame.missing_marts", generation=shown.generation, marts=", ".join(missing)))
        return
    view = _filters(shown, settings.reporting_currency)
    if view is None:
        return
    draw_tabs(
        "attribution",
        {
            "models": lambda: parts.draw_models(shown, view),
            "spend": lambda: _draw_spend(shown, view),
            "paths": lambda: _draw_paths(shown),
            "trust": lambda: _draw_trust(shown),
        },
    )


def _draw_spend(shown: Published, view: parts.View) -> None:
    parts.draw_spend(shown, view)
    parts.draw_campaigns(shown, view)
    parts.draw_reconciliation(shown, view)


def _draw_paths(shown: Published) -> None:
    parts.draw_paths(shown)
    left, right = st.columns(2, gap="large")
    with left:
        parts.draw_path_lengths(shown)
    with right:
        parts.draw_time_lags(shown)
    parts.draw_transitions(shown)


def _draw_trust(shown: Published) -> None:
    parts.draw_quality(shown)
    parts.draw_totals(shown)


def _filters(shown: Published, currency: str) -> parts.View | None:
    """Dates, customer type, models and measure; they hold for the models and spend tabs."""
    months, models = queries.periods(shown), queries.models(shown)
    if not months or not models:
        empty("attribution.no_credit")
        return None
    dates, who, measured = st.columns([2, 2, 3], gap="medium")
    if len(months) > 1:
        first, last = dates.select_slider(
            t("attribution.dates"), options=months, value=(months[0], months[-1]), key="attribution_months"
        )
    else:
        first = last = months[0]
        dates.caption(months[0])
    customer_type = who.segmented_control(
        t("attribution.customer_type"), CUSTOMER_TYPES, default="all", required=True, key="attribution_customers",
        format_func=lambda name: label(name, "customer_types"),
    )  # fmt: skip
    measure = measured.segmented_control(
        t("attribution.measure"), list(queries.MEASURES), default="gross_revenue", required=True, format_func=label,
        key="attribution_measure",
    )  # fmt: skip
    chosen = st.pills(
        t("attribution.models_chosen"), models, selection_mode="multi", key="attribution_models",
        default=[name for name in FIRST_CHOICE if name in models] or models[:5],
        format_func=lambda name: label(name, "models"),
    )  # fmt: skip
    within = [month for month in months if first <= month <= last]
    return parts.View(
        months=None if within == months else within,
        customer_type=str(customer_type),
        measure=str(measure),
        models=list(chosen) or models[:1],
        all_models=models,
        currency=currency,
    )
