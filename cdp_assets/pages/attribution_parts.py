"""The parts of the Attribution page: models side by side, spend, paths, and how far the figures can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from cdp_assets.pages import charts
from cdp_assets.pages.formats import money, number, share, show_table, spelled
from cdp_assets.pages.frame import empty, section
from cdp_assets.pages.published import Published
from cdp_assets.pages.queries import attribution as queries
from cdp_assets.pages.texts import label, t

UNATTRIBUTED = "unattributed"  # conversions without a touch: every model leaves the same ones out
CHANNELS = "marketing_channels"  # the family of their names in the catalogue
LONG_LAG_DAYS, ABREAST = 30, 3
SUMMARY, RECONCILIATION = "attribution_summary", "attribution_spend_reconciliation"


@dataclass(frozen=True)
class View:
    """What the filters say. months: None for all of the data."""

    months: list[str] | None
    customer_type: str
    measure: str
    models: list[str]
    all_models: list[str]
    currency: str


@section("attribution.models", SUMMARY)
def draw_models(shown: Published, view: View) -> None:
    """Credit per marketing channel, one dot with its interval per model, and the figures."""
    credit = queries.credit(shown, view.models, view.months, view.customer_type)
    if credit.empty:
        empty("attribution.no_credit")
        return
    is_credited = credit["marketing_channel"] != UNATTRIBUTED
    without = credit.loc[~is_credited, view.measure]
    named = spelled(_channels(credit[is_credited]), "models", "attribution_model")
    low, high = f"{view.measure}_low", f"{view.measure}_high"
    charts.draw(
        charts.intervals(named, "marketing_channel", view.measure, low, high, "attribution_model"),
        t("attribution.models.title"), key="models_side_by_side",
    )  # fmt: skip
    has_intervals = bool(named[low].notna().any())
    st.caption(
        t("attribution.models.with_intervals" if has_intervals else "attribution.models.without_intervals")
    )
    if not without.empty:
        left_out = (
            number(without.max()) if view.measure == "conversions" else money(without.max(), view.currency)
        )
        st.caption(t("attribution.models.unattributed", amount=left_out))
    wide = named.pivot_table(
        index="marketing_channel", columns="attribution_model", values=view.measure, aggfunc="sum"
    )
    st.markdown(f"**{t('attribution.models.shares', measure=label(view.measure).lower())}**")
    shares = (wide / wide.sum()).reset_index()
    show_table(shares, shown, SUMMARY, shares=[str(name) for name in shares.columns[1:]], key="model_shares")


@section("attribution.spend", SUMMARY)
def draw_spend(shown: Published, view: View) -> None:
    """Spend, cost per conversion, acquisition cost and return on ad spend of one model."""
    model = _model(view, "spend_model")
    credit = queries.credit(shown, [model], view.months, view.customer_type)
    if credit["spend"].notna().any():
        spent = credit[credit["spend"].notna()]
        total, revenue = spent["spend"].sum(), spent["gross_revenue"].sum()
        figures = {
            "spend": money(total, view.currency),
            "credited_revenue": money(revenue, view.currency),
            "return_on_ad_spend": number(revenue / total if total else None, 2),
        }
        for place, (name, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
            place.metric(label(name), value)
    elif view.customer_type != "all":
        empty("attribution.spend.by_type")
    else:
        empty("attribution.spend.none")
    names = [
        "marketing_channel",
        *queries.MEASURES,
        "spend",
        "cost_per_conversion",
        "customer_acquisition_cost",
        "return_on_ad_spend",
    ]
    ranked = _channels(credit[names]).sort_values("gross_revenue", ascending=False)
    show_table(ranked, shown, SUMMARY, key="spend_table")


@section("attribution.campaigns", SUMMARY)
def draw_campaigns(shown: Published, view: View) -> None:
    """The same by campaign."""
    model = str(st.session_state.get("spend_model") or view.models[0])
    found = queries.campaigns(shown, model, view.months, view.customer_type)
    if found.empty:
        empty("attribution.campaigns.none")
        return
    show_table(_channels(found), shown, SUMMARY, key="campaign_table", height=280)


@section("attribution.reconciliation", RECONCILIATION)
def draw_reconciliation(shown: Published, view: View) -> None:
    """Spend and credited revenue week by week, and what stands on one side only."""
    model = str(st.session_state.get("spend_model") or view.models[0])
    weeks = queries.reconciliation(shown, model, view.months)
    if weeks.empty:
        empty("attribution.spend.none")
        return
    weeks = _channels(weeks)
    left, right = st.columns(2, gap="large")
    with left:
        charts.draw(
            charts.stacked(weeks, "week_start", "spend", "marketing_channel"),
            label("spend"),
            key="weekly_spend",
        )
    with right:
        charts.draw(
            charts.stacked(weeks, "week_start", "gross_revenue", "marketing_channel"),
            label("gross_revenue"), key="weekly_credit",
        )  # fmt: skip
    sides = queries.reconciled(shown, model)
    sides = spelled(sides, "reconciliations", "reconciliation")
    show_table(sides, shown, RECONCILIATION, key="reconciled")


@section("attribution.paths", "attribution_paths")
def draw_paths(shown: Published) -> None:
    """The paths that converted most."""
    least = st.radio(
        t("attribution.paths.least"), [1, 2, 3], horizontal=True, key="least_touches",
        format_func=lambda touches: t("attribution.paths.touches", touches=touches),
    )  # fmt: skip
    found = queries.paths(shown, int(least or 1))
    if found.empty:
        empty("attribution.paths.none")
        return
    paths = [" > ".join(label(step, CHANNELS) for step in str(path).split(" > ")) for path in found["path"]]
    show_table(found.assign(path=paths), shown, "attribution_paths", key="paths", height=320)


@section("attribution.path_lengths", "attribution_path_lengths")
def draw_path_lengths(shown: Published) -> None:
    """How many touches paths have, and how often each length converts."""
    found = queries.path_lengths(shown)
    if found.empty:
        empty("attribution.paths.none")
        return
    short = found[found["path_length"] <= 20]
    charts.draw(
        charts.columns(short, "path_length", "conversions"),
        t("attribution.path_lengths.title"),
        key="path_lengths",
    )
    charts.draw(
        charts.columns(short, "path_length", "conversion_rate", shape=charts.SHARE),
        t("attribution.path_lengths.title"), key="path_length_rates",
    )  # fmt: skip


@section("attribution.time_lags", "attribution_time_lags")
def draw_time_lags(shown: Published) -> None:
    """Days from the first touch to the conversion, and to the last touch where there was none."""
    found = queries.time_lags(shown)
    if found.empty:
        empty("attribution.paths.none")
        return
    for outcome, rows in _pooled(found).groupby("outcome", sort=True):
        st.caption(label(str(outcome), "outcomes"))
        charts.draw(
            charts.columns(rows, "lag_days", "paths"), label(str(outcome), "outcomes"), key=f"lags_{outcome}"
        )


@section("attribution.transitions", "attribution_transitions")
def draw_transitions(shown: Published) -> None:
    """The chain: the share of steps from each marketing channel to the next."""
    steps = queries.transitions(shown)
    if steps.empty:
        empty("attribution.paths.none")
        return
    steps = spelled(steps, CHANNELS, "from_state", "to_state")
    rows = steps["from_state"].nunique()
    ends = sorted(steps["to_state"].unique(), key=lambda state: (state.startswith("("), state))
    chart = charts.grid(
        steps, "to_state", "from_state", "transition_probability", shape=".0%", x_order=ends, y_order="ascending",
        height=60 + 32 * rows, tilt=True,
    )  # fmt: skip
    charts.draw(chart, t("attribution.transitions.title"), key="transitions")


@section("attribution.quality", "attribution_quality")
def draw_quality(shown: Published) -> None:
    """How much of what was sold can be explained, before and after identity resolution."""
    found = queries.quality(shown)
    named = spelled(found, "attribution_metrics", "metric")
    places = [place for _ in range(0, len(named), ABREAST) for place in st.columns(ABREAST)]
    for place, metric, part in zip(places, named["metric"], named["conversion_share"], strict=False):
        place.metric(metric, share(part))
    show_table(named, shown, "attribution_quality", key="attribution_quality")


@section("attribution.totals", "attribution_global")
def draw_totals(shown: Published) -> None:
    """The exact global credit beside the sum of the credits per conversion."""
    found = queries.totals(shown)
    if found.empty:
        empty("attribution.totals.none")
        return
    found = spelled(_channels(found), "models", "attribution_model")
    show_table(found, shown, "attribution_global", key="global_credit", height=320)


def _channels(table: pd.DataFrame) -> pd.DataFrame:
    return spelled(table, CHANNELS, "marketing_channel")


def _pooled(lags: pd.DataFrame) -> pd.DataFrame:
    """Paths per outcome and day, with the long tail in one bar."""
    day = lags["lag_days"].clip(upper=LONG_LAG_DAYS + 1)
    pooled: pd.DataFrame = (
        lags.assign(lag_days=day).groupby(["outcome", "lag_days"])[["paths"]].sum().reset_index()
    )
    over = t("attribution.time_lags.over", days=LONG_LAG_DAYS)
    return pooled.assign(
        lag_days=[str(days) if days <= LONG_LAG_DAYS else over for days in pooled["lag_days"]]
    )


def _model(view: View, key: str) -> str:
    chosen, _ = st.columns([1, 3])
    return str(
        chosen.selectbox(
            t("attribution.model"), view.all_models, index=view.all_models.index(view.models[0]),
            format_func=lambda name: label(name, "models"), key=key,
        )
    )  # fmt: skip
