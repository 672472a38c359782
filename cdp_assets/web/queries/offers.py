"""What the pages on products, promotions and touchpoints ask."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web.published import Published


def affinity(shown: Published, text: str) -> pd.DataFrame:
    """Pairs of products, those surest to be no chance first; only pairs with a product whose name or code holds the text."""
    return shown.ask(
        """
        select product_name, other_product_name, pair_orders, confidence, lift, lift_low, lift_high, support, product_code, other_product_code
        from product_affinity
        where $1 = '' or contains(lower(coalesce(product_name, '')), $1) or product_code = $1
        order by lift_low desc, pair_orders desc, product_code, other_product_code
        """,
        text.strip().lower()[:200],
    )


def promotions(shown: Published, dimension: str) -> pd.DataFrame:
    """marts.promotion_effect of codes or campaigns, the largest first. One row per promotion."""
    return shown.ask(
        "select * exclude (dimension) from promotion_effect where dimension = ? order by gross_revenue desc, promotion",
        dimension,
    )


def gift_cards(shown: Published) -> pd.DataFrame:
    """marts.gift_card_liability, newest month first. One row per channel, currency and month."""
    return shown.ask("select * from gift_card_liability order by month_start desc, channel, currency")


def registry(shown: Published) -> pd.DataFrame:
    """marts.touchpoint_registry. One row per channel and type of touch."""
    return shown.ask("select * from touchpoint_registry order by events desc, channel, touch_type")


STEPS = ("sessions", "product_sessions", "cart_sessions", "checkout_sessions", "purchase_sessions")


def funnel_months(shown: Published) -> list[pd.Timestamp]:
    """Months with sessions, newest first."""
    return list(shown.ask("select distinct month_start from funnel order by 1 desc")["month_start"])


def funnel(shown: Published, month: pd.Timestamp | None) -> pd.DataFrame:
    """Sessions that came so far, of one month or all. One row per marketing_channel: the five steps and purchase_share."""
    sums = ", ".join(f"cast(sum({name}) as bigint) as {name}" for name in STEPS)
    return shown.ask(
        f"""
        select marketing_channel, {sums}, sum(purchase_sessions) / nullif(sum(sessions), 0) as purchase_share
        from funnel
        where $1::date is null or month_start = $1
        group by marketing_channel
        order by sessions desc, marketing_channel
        """,
        None if month is None else month.date(),
    )
