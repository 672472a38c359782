"""What the pages on where customers begin ask: first and later channels at equal tenure, cohorts, second purchases."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web.published import Published

PLACES = {"channel": ["first_channel"], "store": ["first_channel", "first_store_id"]}
TENURES = (90, 180)  # days


def worth(shown: Published, place: str, days: int) -> pd.DataFrame:
    """One row per first channel, or per first channel and store: customers, how many went on to another channel, and what each kind is worth.

    place: of PLACES. days: of TENURES; worth is the mean net revenue of the first days, of customers who have had that long, in the
    reporting currency. Columns: the place, customers, omnichannel_customers, omnichannel_share, tenured_customers, one_channel_value,
    omnichannel_value, value_ratio.
    """
    names = ", ".join(PLACES[place])
    count, mean = f"customers_of_{int(days)}_days", f"net_revenue_per_customer_{int(days)}_days"
    return shown.ask(
        f"""
        with sums as (
            select {names}, cast(sum(customers) as bigint) as customers,
                cast(coalesce(sum(customers) filter (where later_channels <> '(none)'), 0) as bigint) as omnichannel_customers,
                cast(sum({count}) as bigint) as tenured_customers,
                sum({count} * {mean}) filter (where later_channels = '(none)')
                    / nullif(sum({count}) filter (where later_channels = '(none)'), 0) as one_channel_value,
                sum({count} * {mean}) filter (where later_channels <> '(none)')
                    / nullif(sum({count}) filter (where later_channels <> '(none)'), 0) as omnichannel_value
            from omnichannel
            group by {names}
        )
        select {names}, customers, omnichannel_customers, omnichannel_customers / customers as omnichannel_share, tenured_customers,
            one_channel_value, omnichannel_value, omnichannel_value / nullif(one_channel_value, 0) as value_ratio
        from sums
        order by omnichannel_customers desc, {names}
        """
    )


def first_and_later(shown: Published, days: int) -> pd.DataFrame:
    """One row per first channel and later channels: customers, and the mean net revenue of the first days of those who have had them."""
    count, mean = f"customers_of_{int(days)}_days", f"net_revenue_per_customer_{int(days)}_days"
    return shown.ask(
        f"""
        select first_channel, later_channels, cast(sum(customers) as bigint) as customers, cast(sum({count}) as bigint) as tenured_customers,
            sum({count} * {mean}) / nullif(sum({count}), 0) as value_of_tenure
        from omnichannel
        group by first_channel, later_channels
        order by first_channel, later_channels
        """
    )


def cohort_channels(shown: Published) -> list[str]:
    """Channels in which some cohort began."""
    return list(shown.ask("select distinct channel from customer_cohorts order by 1")["channel"])


def cohorts(shown: Published, channel: str | None) -> pd.DataFrame:
    """One row per cohort_month and months_since, of one first channel or all: cohort_customers, active_customers, retention, value_so_far.

    Whole months only. value_so_far: cumulative net revenue per customer of the cohort, reporting currency.
    """
    return shown.ask(
        """
        with chosen as (
            select * from customer_cohorts where is_complete and ($1::varchar is null or channel = $1)
        ),
        sizes as (
            select cohort_month, sum(cohort_customers) as cohort_customers from chosen where months_since = 0 group by cohort_month
        )
        select c.cohort_month, c.months_since, cast(any_value(s.cohort_customers) as bigint) as cohort_customers,
            cast(sum(c.active_customers) as bigint) as active_customers,
            cast(sum(c.active_customers) / any_value(s.cohort_customers) as double) as retention,
            cast(sum(c.cumulative_net_revenue) / any_value(s.cohort_customers) as double) as value_so_far
        from chosen as c inner join sizes as s on c.cohort_month = s.cohort_month
        group by c.cohort_month, c.months_since
        order by c.cohort_month, c.months_since
        """,
        channel,
    )


def second_purchases(shown: Published) -> pd.DataFrame:
    """marts.repeat_purchase, all channels together first. One row per channel of the first purchase."""
    return shown.ask("select * from repeat_purchase order by (channel = 'all') desc, customers desc, channel")
