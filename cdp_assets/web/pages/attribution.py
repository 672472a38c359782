"""Attribution page: whether a channel paid off, models side by side, spend, paths, and how far the figures can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from cdp_assets.web import charts
from cdp_assets.web.blocks import Blocks, Field, Figure, Figures, Note, Row, section
from cdp_assets.web.filters import filters
from cdp_assets.web.lateness import late_notes
from cdp_assets.web.page import Page
from cdp_assets.web.pages.payoff import payoff
from cdp_assets.web.queries import attribution as queries
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

UNATTRIBUTED = "unattributed"  # conversions without a touch: every model leaves the same ones out
CHANNELS = "marketing_channels"  # the family of their names in the catalogue
CUSTOMER_TYPES = ["all", "new", "returning", "unknown"]
FIRST_CHOICE = ("first_touch", "last_touch", "linear", "time_decay", "markov_1")
LONG_LAG_DAYS = 30
SUMMARY, RECONCILIATION = "attribution_summary", "attribution_spend_reconciliation"


@dataclass(frozen=True)
class Chosen:
    """What the filters say. months: None for all of the data."""

    months: list[str] | None
    customer_type: str
    measure: str
    models: list[str]
    model: str


def _chosen(view: View) -> Chosen | None:
    months, models = queries.periods(view.shown), queries.models(view.shown)
    if not months or not models:
        return None
    first, last = view.choice("from", months, months[0]), view.choice("to", months, months[-1])
    within = [month for month in months if first <= month <= last] or months
    preferred = [name for name in FIRST_CHOICE if name in models] or models[:5]
    asked = [name for name in view.many("model") if name in models]
    return Chosen(
        months=None if within == months else within,
        customer_type=view.choice("customers", CUSTOMER_TYPES),
        measure=view.choice("measure", list(queries.MEASURES), "gross_revenue"),
        models=asked or preferred,
        model=view.choice("one", models, preferred[0]),
    )


def _months_field(view: View, name: str, default: int) -> Field:
    months = queries.periods(view.shown)
    options = [(month, view.formats.month(f"{month}-01")) for month in months]
    return Field(
        name, view.t(f"attribution.{name}"), "select", options, [view.choice(name, months, months[default])]
    )


def _customers_field(view: View, chosen: Chosen) -> Field:
    options = [(name, view.label(name, "customer_types")) for name in CUSTOMER_TYPES]
    return Field("customers", view.t("attribution.customer_type"), "radio", options, [chosen.customer_type])


@section("attribution.models", SUMMARY)
def models(view: View) -> Blocks:
    """Credit per marketing channel, one dot with its interval per model, and the figures."""
    chosen = _chosen(view)
    if chosen is None:
        return [Note(view.t("attribution.no_credit"), "empty")]
    options = [(name, view.label(name, "models")) for name in queries.models(view.shown)]
    form = filters(
        view,
        [
            _months_field(view, "from", 0),
            _months_field(view, "to", -1),
            _customers_field(view, chosen),
            Field(
                "measure",
                view.t("attribution.measure"),
                "radio",
                [(n, view.label(n)) for n in queries.MEASURES],
                [chosen.measure],
            ),
            Field("model", view.t("attribution.models_chosen"), "checks", options, chosen.models),
        ],
    )
    credit = queries.credit(view.shown, chosen.models, chosen.months, chosen.customer_type)
    if credit.empty:
        return [form, Note(view.t("attribution.no_credit"), "empty")]
    return [form, *_late(view, chosen), *_side_by_side(view, chosen, credit)]


def _late(view: View, chosen: Chosen) -> list[Note]:
    """Channels that had not delivered to the end of the chosen months."""
    last = (chosen.months or queries.periods(view.shown))[-1]
    end, as_of = (pd.Timestamp(f"{last}-01") + pd.offsets.MonthEnd(0)).date(), view.shown.as_of_date()
    return late_notes(view, min(end, as_of) if as_of else end)


def _side_by_side(view: View, chosen: Chosen, credit: pd.DataFrame) -> Blocks:
    is_credited = credit["marketing_channel"] != UNATTRIBUTED
    without = credit.loc[~is_credited, chosen.measure]
    named = view.spelled(credit[is_credited], CHANNELS, "marketing_channel")
    named = view.spelled(named, "models", "attribution_model")
    low, high = f"{chosen.measure}_low", f"{chosen.measure}_high"
    chart = charts.intervals(view, named, "marketing_channel", chosen.measure, low, high, "attribution_model")
    has_intervals = bool(named[low].notna().any())
    notes = [
        Note(
            view.t(
                "attribution.models.with_intervals"
                if has_intervals
                else "attribution.models.without_intervals"
            )
        )
    ]
    if not without.empty:
        amount = without.max()
        left_out = (
            view.formats.number(amount) if chosen.measure == "conversions" else view.formats.money(amount)
        )
        notes.append(Note(view.t("attribution.models.unattributed", amount=left_out)))
    wide = named.pivot_table(
        index="marketing_channel", columns="attribution_model", values=chosen.measure, aggfunc="sum"
    )
    shares = (wide / wide.sum()).reset_index()
    model_names = [str(name) for name in shares.columns[1:]]
    return [
        charts.picture(view, "models_side_by_side", view.t("attribution.models.title"), chart),
        *notes,
        table(
            view, "model_shares", shares, SUMMARY, shares=model_names, headings={name: name for name in model_names},
            caption=view.t("attribution.models.shares", measure=view.label(chosen.measure)),
        ),
    ]  # fmt: skip


def spend(view: View) -> Blocks:
    """Spend and its ratios by one model, by channel and campaign, and what stands on one side only."""
    missing = view.shown.missing([SUMMARY])
    chosen = None if missing else _chosen(view)
    if chosen is None:
        return [_spend(view, None)]
    options = [(name, view.label(name, "models")) for name in queries.models(view.shown)]
    form = filters(
        view,
        [
            _months_field(view, "from", 0),
            _months_field(view, "to", -1),
            _customers_field(view, chosen),
            Field("one", view.t("attribution.model"), "select", options, [chosen.model]),
        ],
    )
    parts = [_spend(view, chosen), _campaigns(view, chosen)]
    if (
        chosen.customer_type == "all"
    ):  # spend has no kind of customer, so that this part would not follow the filter
        parts.append(_reconciliation(view, chosen))
    return [form, *_late(view, chosen), *parts]


@section("attribution.spend", SUMMARY)
def _spend(view: View, chosen: Chosen | None) -> Blocks:
    if chosen is None:
        return [Note(view.t("attribution.no_credit"), "empty")]
    credit = queries.credit(view.shown, [chosen.model], chosen.months, chosen.customer_type)
    blocks: list[Any] = []
    if credit["spend"].notna().any():
        spent = credit[credit["spend"].notna()]
        total, revenue = spent["spend"].sum(), spent["gross_revenue"].sum()
        blocks.append(
            Figures(
                [
                    Figure(view.label("spend"), view.formats.money(total)),
                    Figure(view.label("credited_revenue"), view.formats.money(revenue)),
                    Figure(
                        view.label("return_on_ad_spend"),
                        view.formats.number(revenue / total if total else None, 2),
                    ),
                ]
            )
        )
    else:
        blocks.append(
            Note(
                view.t(
                    "attribution.spend.by_type" if chosen.customer_type != "all" else "attribution.spend.none"
                ),
                "empty",
            )
        )
    names = [
        "marketing_channel",
        *queries.MEASURES,
        "spend",
        "cost_per_conversion",
        "customer_acquisition_cost",
        "return_on_ad_spend",
    ]
    ranked = credit[names].sort_values("gross_revenue", ascending=False)
    return [*blocks, table(view, "spend_table", ranked, SUMMARY)]


@section("attribution.campaigns", SUMMARY)
def _campaigns(view: View, chosen: Chosen) -> Blocks:
    found = queries.campaigns(view.shown, chosen.model, chosen.months, chosen.customer_type)
    if found.empty:
        return [Note(view.t("attribution.campaigns.none"), "empty")]
    return [table(view, "campaigns", found, SUMMARY)]


@section("attribution.reconciliation", RECONCILIATION, "dates")
def _reconciliation(view: View, chosen: Chosen) -> Blocks:
    sides = queries.reconciled(view.shown, chosen.model, chosen.months)
    if sides.empty:
        return [Note(view.t("attribution.spend.none"), "empty")]
    weeks = queries.reconciliation(view.shown, chosen.model, chosen.months)
    weeks = view.spelled(weeks, CHANNELS, "marketing_channel")
    pictures = [
        charts.picture(
            view, f"weekly_{measure}", f"{view.t('attribution.reconciliation.title')}: {view.label(measure)}",
            charts.stacked(view, weeks, "week_start", measure, "marketing_channel"),
        )
        for measure in ("spend", "gross_revenue")
    ]  # fmt: skip
    return [
        *([Row(pictures)] if len(weeks) else []),
        table(view, "reconciled", sides, RECONCILIATION, families={"reconciliation": "reconciliations"}),
    ]


def paths(view: View) -> Blocks:
    """Sequences of channels, their lengths and lags, and the chain."""
    return [_paths(view), Row([_path_lengths(view), _time_lags(view)]), _transitions(view)]


@section("attribution.paths", "attribution_paths")
def _paths(view: View) -> Blocks:
    least = view.choice("least", ["1", "2", "3"])
    options = [(n, view.t("attribution.paths.touches", touches=n)) for n in ("1", "2", "3")]
    form = filters(view, [Field("least", view.t("attribution.paths.least"), "radio", options, [least])])
    found = queries.paths(view.shown, int(least))
    if found.empty:
        return [form, Note(view.t("attribution.paths.none"), "empty")]
    said = [
        " > ".join(view.label(step, CHANNELS) for step in str(path).split(" > ")) for path in found["path"]
    ]
    return [form, table(view, "paths", found.assign(path=said), "attribution_paths", rows=25)]


@section("attribution.path_lengths", "attribution_path_lengths")
def _path_lengths(view: View) -> Blocks:
    found = queries.path_lengths(view.shown)
    if found.empty:
        return [Note(view.t("attribution.paths.none"), "empty")]
    short = found[found["path_length"] <= 20]
    title = view.t("attribution.path_lengths.title")
    return [
        charts.picture(view, "path_lengths", title, charts.columns(view, short[["path_length", "conversions"]], "path_length", "conversions")),
        charts.picture(
            view, "path_length_rates", f"{title}: {view.label('conversion_rate')}",
            charts.columns(view, short[["path_length", "conversion_rate"]], "path_length", "conversion_rate", shape=charts.SHARE),
        ),
    ]  # fmt: skip


@section("attribution.time_lags", "attribution_time_lags")
def _time_lags(view: View) -> Blocks:
    found = queries.time_lags(view.shown)
    if found.empty:
        return [Note(view.t("attribution.paths.none"), "empty")]
    return [
        charts.picture(
            view, f"lags_{outcome}", view.label(str(outcome), "outcomes"),
            charts.columns(view, rows[["lag_days", "paths"]], "lag_days", "paths"),
        )
        for outcome, rows in _pooled(view, found).groupby("outcome", sort=True)
    ]  # fmt: skip


def _pooled(view: View, lags: pd.DataFrame) -> pd.DataFrame:
    """Paths per outcome and day, with the long tail in one bar."""
    day = lags["lag_days"].clip(upper=LONG_LAG_DAYS + 1)
    pooled: pd.DataFrame = (
        lags.assign(lag_days=day).groupby(["outcome", "lag_days"])[["paths"]].sum().reset_index()
    )
    over = view.t("attribution.time_lags.over", days=LONG_LAG_DAYS)
    return pooled.assign(
        lag_days=[str(days) if days <= LONG_LAG_DAYS else over for days in pooled["lag_days"]]
    )


@section("attribution.transitions", "attribution_transitions")
def _transitions(view: View) -> Blocks:
    steps = queries.transitions(view.shown)
    if steps.empty:
        return [Note(view.t("attribution.paths.none"), "empty")]
    named = view.spelled(steps, CHANNELS, "from_state", "to_state")
    ends = sorted(named["to_state"].unique(), key=lambda state: (state.startswith("("), state))
    chart = charts.grid(
        view, named, "to_state", "from_state", "transition_probability", shape=".0%", x_order=ends, y_order="ascending",
        height=60 + 32 * named["from_state"].nunique(), tilt=True,
    )  # fmt: skip
    return [charts.picture(view, "transitions", view.t("attribution.transitions.title"), chart)]


def trust(view: View) -> Blocks:
    """How much is explained, and how far the computed models agree with themselves."""
    return [_waterfall(view), _quality(view), _totals(view)]


@section("attribution.waterfall", "attribution_waterfall")
def _waterfall(view: View) -> Blocks:
    found = queries.waterfall(view.shown)
    if found.empty:
        return [Note(view.t("attribution.no_credit"), "empty")]
    named = view.spelled(found, "reasons", "reason")
    named = view.spelled(named, "channels", "channel")
    chart = charts.stacked_bars(
        view, named[["channel", "reason", "conversions"]], "channel", "conversions", "reason"
    )
    return [
        *late_notes(view),
        charts.picture(view, "waterfall", view.t("attribution.waterfall.title"), chart),
        table(view, "waterfall", found, "attribution_waterfall"),
    ]


@section("attribution.quality", "attribution_quality")
def _quality(view: View) -> Blocks:
    found = queries.quality(view.shown)
    return [
        table(
            view, "attribution_quality", found, "attribution_quality", families={"metric": "attribution_metrics"},
            meters=["conversion_share", "gross_revenue_share"], sortable=False,
        )
    ]  # fmt: skip


@section("attribution.totals", "attribution_global")
def _totals(view: View) -> Blocks:
    found = queries.totals(view.shown)
    if found.empty:
        return [Note(view.t("attribution.totals.none"), "empty")]
    return [
        table(
            view,
            "global_credit",
            found,
            "attribution_global",
            families={"status": "credit_statuses"},
            rows=20,
        )
    ]


PAGE = Page(
    "attribution",
    {
        "payoff": lambda view: [payoff(view)],
        "models": lambda view: [models(view)],
        "spend": spend,
        "paths": paths,
        "trust": trust,
    },
    is_still=True,
)
