"""What the question "did it pay off" asks: credit of a period by model and marketing channel with its interval, margin and spend."""

from __future__ import annotations

import pandas as pd

from cdp_assets.sql_text import from_file
from cdp_assets.web.periods import Period
from cdp_assets.web.published import Published

MODELS_AT_MOST = 5


def payoff(shown: Published, models: list[str], period: Period) -> pd.DataFrame:
    """One row per marketing channel and model: what the conversions of the period earned, and what the period cost.

    Columns: marketing_channel, attribution_model, conversions, net_revenue with its 95 % interval (low, high), margin (of the
    orders whose cost is known, scaled to all), margin_rate, spend, contribution (margin - spend, null where one is unknown),
    return_on_ad_spend (net revenue by spend), break_even_return (the return at which the margin pays the spend). Money in the
    reporting currency. The interval is that of a Poisson bootstrap over customers in its normal limit: 1.96 times the root of the
    sum of the customers' squared credits; it holds the model's weights fixed.
    """
    return shown.ask(
        from_file(__name__, "payoff"),
        models,
        period.start,
        period.end,
    )


def days_with_credit(shown: Published) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """First and last day of conversions; None without any."""
    found = shown.ask(
        "select min(conversion_date) as first, max(conversion_date) as last from attribution_credits"
    )
    first, last = found["first"].iloc[0], found["last"].iloc[0]
    return None if pd.isna(first) else (pd.Timestamp(first), pd.Timestamp(last))
