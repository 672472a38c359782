"""The part of the Attribution page that answers one question: did it pay off, in a whole period, against the one before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from cdp_assets.web import charts
from cdp_assets.web.blocks import Blocks, Field, Note, records, section
from cdp_assets.web.filters import filters
from cdp_assets.web.lateness import late_notes
from cdp_assets.web.periods import PRESETS, Period, last_whole, parsed
from cdp_assets.web.queries import attribution
from cdp_assets.web.queries import payoff as queries
from cdp_assets.web.tables import table
from cdp_assets.web.view import View

NEEDS = ("attribution_credits", "attribution_spend_reconciliation", "attribution_summary", "orders", "dates")
FIRST_CHOICE = ("last_touch", "linear", "markov_1")
SHOWN = [
    "marketing_channel", "attribution_model", "verdict", "spend", "net_revenue", "interval", "margin",
    "contribution", "return_on_ad_spend", "break_even_return", "net_revenue_before", "change",
]  # fmt: skip
COSTED = ["margin", "contribution", "break_even_return"]  # where the orders' cost is known


@section("attribution.payoff", *NEEDS)
def payoff(view: View) -> Blocks:
    """Presets, the models side by side, and the verdict per channel."""
    as_of, models = view.shown.as_of_date(), attribution.models(view.shown)
    if as_of is None or not models or queries.days_with_credit(view.shown) is None:
        return [Note(view.t("attribution.no_credit"), "empty")]
    preset = view.choice("period", list(PRESETS), "quarter")
    period, problem = _period(view, preset, as_of)
    asked = [name for name in view.many("model") if name in models][: queries.MODELS_AT_MOST]
    chosen = asked or [name for name in FIRST_CHOICE if name in models] or models[:3]
    blocks: list[Any] = [_form(view, preset, period, models, chosen)]
    if problem:
        blocks.append(Note(problem, "error"))
    before = period.before()
    blocks.append(
        Note(
            view.t(
                "attribution.payoff.between", start=view.formats.day(period.start), end=view.formats.day(period.end),
                before_start=view.formats.day(before.start), before_end=view.formats.day(before.end),
            )
        )
    )  # fmt: skip
    blocks += late_notes(view, period.end)
    found = _compared(view, chosen, period, before)
    if found.empty:
        return [*blocks, Note(view.t("attribution.no_credit"), "empty")]
    return [*blocks, *_shown(view, found)]


def _period(view: View, preset: str, as_of: date) -> tuple[Period, str]:
    """The period that the address asks for; a range that is none falls back to the last quarter, in words."""
    if preset != "own":
        return last_whole(preset, as_of), ""
    start, end = parsed(view.one("start")), parsed(view.one("end"))
    if not view.one("start") and not view.one("end"):
        return last_whole("quarter", as_of), ""
    if start is None or end is None or start > end:
        return last_whole("quarter", as_of), view.t("attribution.payoff.no_range")
    return Period(start, end), ""


def _form(view: View, preset: str, period: Period, models: list[str], chosen: list[str]) -> object:
    presets = [(name, view.label(name, "periods")) for name in PRESETS]
    fields = [Field("period", view.t("attribution.payoff.period"), "radio", presets, [preset])]
    if preset == "own":
        fields += [
            Field(name, view.t(f"attribution.payoff.{name}"), "date", chosen=[str(getattr(period, name))])
            for name in ("start", "end")
        ]
    options = [(name, view.label(name, "models")) for name in models]
    fields.append(
        Field(
            "model",
            view.t("attribution.models_chosen"),
            "checks",
            options,
            chosen,
            hint=view.t("attribution.payoff.most", most=queries.MODELS_AT_MOST),
        )
    )
    return filters(view, fields)


def _compared(view: View, models: list[str], period: Period, before: Period) -> pd.DataFrame:
    now, then = queries.payoff(view.shown, models, period), queries.payoff(view.shown, models, before)
    keys = ["marketing_channel", "attribution_model"]
    both = now.merge(then[[*keys, "net_revenue"]], on=keys, how="left", suffixes=("", "_before"))
    change = both["net_revenue"] / both["net_revenue_before"].where(both["net_revenue_before"] > 0) - 1
    return both.assign(change=change, verdict=[_verdict(row) for row in records(both)])


def _verdict(row: dict[str, float]) -> str:
    """Whether the whole interval lies above, below or on both sides of what pays the spend."""
    if pd.isna(row["spend"]):
        return "no_spend"
    if pd.isna(row["margin_rate"]):
        return "no_cost"
    low, high = row["net_revenue_low"] * row["margin_rate"], row["net_revenue_high"] * row["margin_rate"]
    return "paid" if low >= row["spend"] else "lost" if high < row["spend"] else "open"


def _shown(view: View, found: pd.DataFrame) -> list[Any]:
    credited = found[found["marketing_channel"] != "unattributed"]
    named = view.spelled(
        view.spelled(credited, "marketing_channels", "marketing_channel"), "models", "attribution_model"
    )
    chart = charts.intervals(
        view,
        named,
        "marketing_channel",
        "net_revenue",
        "net_revenue_low",
        "net_revenue_high",
        "attribution_model",
    )
    spans = [
        f"{view.formats.number(low)} – {view.formats.number(high)}"
        for low, high in zip(credited["net_revenue_low"], credited["net_revenue_high"], strict=True)
    ]
    credited = credited.assign(interval=spans)
    uncosted = [name for name in COSTED if credited[name].isna().all()]
    tones = {"verdict": {"paid": "good", "lost": "bad", "open": "watch"}}
    return [
        charts.picture(view, "payoff", view.t("attribution.payoff.picture"), chart),
        table(
            view, "payoff_table", credited, "attribution_summary", names=[name for name in SHOWN if name not in uncosted], shares=["change"], tones=tones,
            families={"verdict": "verdicts"}, numbers=["interval"], also=["net_revenue_low", "net_revenue_high"],
        ),
        *([Note(view.t("attribution.payoff.no_cost"))] if uncosted else []),
        Note(view.t("attribution.payoff.about_interval")),
    ]  # fmt: skip
