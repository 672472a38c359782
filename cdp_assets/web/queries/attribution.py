"""What the Attribution page asks: credit by model and marketing channel, spend, paths, lags, and how much is explained."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web.published import Published

MEASURES = ("conversions", "gross_revenue", "net_revenue")


def periods(shown: Published) -> list[str]:
    """The months that have credit or spend, oldest first."""
    return list(
        shown.ask("select distinct period from attribution_summary where period <> 'all' order by period")[
            "period"
        ]
    )


def models(shown: Published) -> list[str]:
    """Every attribution model, by name."""
    return list(
        shown.ask("select distinct attribution_model from attribution_summary order by 1")[
            "attribution_model"
        ]
    )


def credit(shown: Published, chosen: list[str], months: list[str] | None, customer_type: str) -> pd.DataFrame:
    """One row per model and marketing channel: credit, its 95 % interval (null over several months), spend and its ratios.

    months: None for all of the data, else months to add up. Ratios are computed anew from sums; money in the reporting currency.
    """
    intervals = ", ".join(
        f"case when count(distinct period) = 1 then sum({measure}_{end}) end as {measure}_{end}"
        for measure in MEASURES
        for end in ("low", "high")
    )
    return shown.ask(
        f"""
        select
            attribution_model, marketing_channel,
            {", ".join(f"sum({measure}) as {measure}" for measure in MEASURES)},
            {intervals},
            cast(sum(spend) as double) as spend,
            cast(sum(spend) as double) / nullif(sum(spend_conversions), 0) as cost_per_conversion,
            case when count(spend) = count(spend_new_conversions) then cast(sum(spend) as double) / nullif(sum(spend_new_conversions), 0) end as customer_acquisition_cost,
            sum(spend_revenue) / nullif(cast(sum(spend) as double), 0) as return_on_ad_spend
        from attribution_summary
        where dimension = 'marketing_channel'
            and attribution_model in (select unnest($1::varchar[]))
            and period in (select unnest($2::varchar[]))
            and customer_type = $3
        group by attribution_model, marketing_channel
        order by marketing_channel, attribution_model
        """,
        chosen,
        months or ["all"],
        customer_type,
    )


def campaigns(shown: Published, model: str, months: list[str] | None, customer_type: str) -> pd.DataFrame:
    """One row per marketing channel and campaign of one model: credit, spend, ratios."""
    return shown.ask(
        """
        select
            marketing_channel, campaign, sum(conversions) as conversions, sum(gross_revenue) as gross_revenue,
            sum(net_revenue) as net_revenue, cast(sum(spend) as double) as spend,
            cast(sum(spend) as double) / nullif(sum(spend_conversions), 0) as cost_per_conversion,
            sum(spend_revenue) / nullif(cast(sum(spend) as double), 0) as return_on_ad_spend
        from attribution_summary
        where dimension = 'campaign' and attribution_model = $1 and period in (select unnest($2::varchar[]))
            and customer_type = $3
        group by marketing_channel, campaign
        order by gross_revenue desc, campaign
        """,
        model,
        months or ["all"],
        customer_type,
    )


def reconciliation(shown: Published, model: str, months: list[str] | None) -> pd.DataFrame:
    """Spend and credited revenue by week and marketing channel of one model. One row per week_start, marketing_channel.

    Only weeks all of whose days lie in the months and not after the as-of date: any other would seem a fall.
    """
    return shown.ask(
        """
        with whole as (
            select cast(date_trunc('week', date_day) as date) as week_start
            from dates
            where $2::varchar[] is null or strftime(date_day, '%Y-%m') in (select unnest($2::varchar[]))
            group by 1
            having count(*) = 7
        )
        select
            week_start, marketing_channel, cast(sum(spend) as double) as spend, sum(gross_revenue) as gross_revenue,
            sum(conversions) as conversions
        from attribution_spend_reconciliation
        inner join whole on week_start = cast(date_trunc('week', business_date) as date)
        where attribution_model = $1
        group by 1, 2
        order by 1, 2
        """,
        model,
        months,
    )


def reconciled(shown: Published, model: str, months: list[str] | None) -> pd.DataFrame:
    """What was spent with and without credit, and credited with and without spend. One row per reconciliation."""
    return shown.ask(
        """
        select reconciliation, cast(sum(spend) as double) as spend, sum(conversions) as conversions,
            sum(gross_revenue) as gross_revenue
        from attribution_spend_reconciliation
        where attribution_model = $1 and ($2::varchar[] is null or strftime(business_date, '%Y-%m') in (select unnest($2::varchar[])))
        group by reconciliation order by reconciliation
        """,
        model,
        months,
    )


def paths(shown: Published, least_touches: int) -> pd.DataFrame:
    """The paths that converted most. One row per path; conversion_rate leaves out the paths that are still open."""
    return shown.ask(
        """
        select path, path_length, conversions, null_paths, censored_paths,
            conversions / nullif(conversions + null_paths, 0) as conversion_rate, gross_revenue, net_revenue
        from attribution_paths where path_length >= ?
        order by conversions desc, gross_revenue desc, path
        limit 4000
        """,
        least_touches,
    )


def path_lengths(shown: Published) -> pd.DataFrame:
    """marts.attribution_path_lengths. One row per path_length."""
    return shown.ask("select * from attribution_path_lengths order by path_length")


def time_lags(shown: Published) -> pd.DataFrame:
    """marts.attribution_time_lags. One row per outcome and lag_days."""
    return shown.ask("select * from attribution_time_lags order by outcome, lag_days")


def transitions(shown: Published) -> pd.DataFrame:
    """Steps of the chain over all of the data. One row per from_state and to_state."""
    return shown.ask(
        "select from_state, to_state, transitions, probability as transition_probability "
        "from attribution_transitions where period = 'all'"
    )


def quality(shown: Published) -> pd.DataFrame:
    """marts.attribution_quality. One row per metric."""
    return shown.ask("select * from attribution_quality")


def totals(shown: Published) -> pd.DataFrame:
    """Credit of each model over all of the data, with its raw global credit and effects. One row per model and channel."""
    return shown.ask(
        """
        select attribution_model, marketing_channel, status, removal_effect_conversions, raw_conversions, conversions, gross_revenue
        from attribution_global where period = 'all'
        order by attribution_model, conversions desc
        """
    )


def waterfall(shown: Published) -> pd.DataFrame:
    """marts.attribution_waterfall, the largest first. One row per sales channel and reason."""
    return shown.ask(
        "select channel, reason, conversions, conversion_share, gross_revenue, net_revenue from attribution_waterfall "
        "order by channel, conversions desc, reason"
    )
