"""What the Overview page asks: the scorecards, trends, freshness per channel, and what a generation changed."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web.published import Published


def scorecard(shown: Published, cadence: str) -> pd.DataFrame:
    """Latest complete period of every metric, with its history for a small line. One row per metric.

    What is known as of the run only stands on the last period, complete or not.

    Columns: metric, metric_group, title, unit, direction, period_start, period_end, metric_value, baseline, trend, target,
    status, history (list of the last 13 values, oldest first).
    """
    return shown.ask(
        f"""
        with ranked as (
            select *, row_number() over (
                partition by metric order by is_complete or time_window like 'as of the run%' desc, period_start desc
            ) as position
            from scorecard_{cadence}
        ),
        histories as (
            select metric, list(metric_value order by period_start) as history
            from ranked where position <= 13 and is_complete and metric_value is not null
            group by metric
        )
        select
            r.metric, r.metric_group, r.title, r.unit, r.direction, r.period_start, r.period_end, r.metric_value, r.baseline,
            r.trend, r.target, r.status, coalesce(h.history, []) as history
        from ranked as r left join histories as h on r.metric = h.metric
        where r.position = 1
        order by r.metric_group, r.title
        """
    )


# The Monday of an order's week; date_trunc takes several times as long.
_WEEK_START = "order_date - cast(isodow(order_date) - 1 as integer)"
_WHOLE_WEEKS = (
    "week_start between (select min(date_day) from dates) and (select max(date_day) - 6 from dates)"
)


def weekly_revenue(shown: Published) -> pd.DataFrame:
    """Net revenue and orders of whole weeks up to the as-of date. One row per week_start and channel."""
    return shown.ask(
        f"""
        with days as (
            select order_date, channel, sum(net_revenue) as net_revenue, count(*) filter (where is_conversion) as order_count
            from orders
            group by 1, 2
        )
        select {_WEEK_START} as week_start, channel, cast(sum(net_revenue) as double) as net_revenue,
            cast(sum(order_count) as bigint) as order_count
        from days
        where {_WHOLE_WEEKS}
        group by 1, 2
        order by 1, 2
        """
    )


def weekly_customers(shown: Published) -> pd.DataFrame:
    """Buyers of whole weeks. One row per week_start and customer_type (new: first order ever, returning).

    Ids are counted by their 64-bit hash, several times faster than by the text; two of a million customers share one with a
    chance of 1 in 37 million.
    """
    return shown.ask(
        f"""
        with buyers as (
            select distinct {_WEEK_START} as week_start, customer_order_number = 1 as is_new, hash(customer_id) as buyer
            from orders
            where is_conversion and customer_id is not null
        )
        select week_start, case when is_new then 'new' else 'returning' end as customer_type, count(*) as customer_count
        from buyers
        where {_WHOLE_WEEKS}
        group by 1, 2
        order by 1, 2
        """
    )


def freshness(shown: Published) -> pd.DataFrame:
    """One row per channel: newest business date of orders and of touches, when a file last landed, days behind."""
    return shown.ask(
        """
        with as_of as (select max(date_day) as as_of_date from dates),
        facts as (
            select channel, max(order_date) as last_order_date, null::date as last_touch_date from orders
            where order_date <= (select as_of_date from as_of) group by channel
            union all
            select channel, null, max(touch_date) from touchpoints
            where touch_date <= (select as_of_date from as_of) group by channel
        ),
        landed as (
            select channel, count(*) filter (where status = 'landed') as landed_files, max(landed_at) as last_landed_at
            from ops_loads group by channel
        )
        select
            coalesce(f.channel, l.channel) as channel, f.last_order_date, f.last_touch_date,
            date_diff('day', greatest(f.last_order_date, f.last_touch_date), (select as_of_date from as_of)) as days_behind,
            l.landed_files, l.last_landed_at
        from (
            select channel, max(last_order_date) as last_order_date, max(last_touch_date) as last_touch_date
            from facts group by channel
        ) as f full outer join landed as l on f.channel = l.channel
        order by days_behind desc nulls last, 1
        """
    )


def row_counts(shown: Published) -> pd.DataFrame:
    """One row per mart: mart, row_count."""
    return shown.ask(
        "select table_name as mart, estimated_size as row_count from duckdb_tables() "
        "where database_name = 'onefold' and schema_name = 'marts' order by 1"
    )


def totals(shown: Published) -> pd.DataFrame:
    """The figures that readers would notice if they changed, of one generation: one row."""
    return shown.ask(
        """
        select
            (select count(*) from customers) as customers,
            (select count(*) from customer_crosswalk) as records,
            (select count(*) from orders) as orders,
            (select cast(sum(net_revenue) as double) from orders) as net_revenue,
            (select count(*) from touchpoints) as touches
        """
    )


def late_channels(shown: Published, period_end: pd.Timestamp | None) -> pd.DataFrame:
    """Channels that sold in the eight weeks before a period's end, and whose orders end before it. One row per channel.

    A channel is late when its silence up to the end is longer than its longest gap between order days in those weeks, and at
    least two days: a shop that is closed on Sundays is not.
    """
    return shown.ask(
        """
        with days as (
            select distinct channel, order_date from orders
            where order_date <= $1 and order_date > cast($1 as date) - 56
        ),
        gaps as (
            select channel, order_date,
                date_diff('day', lag(order_date) over (partition by channel order by order_date), order_date) as gap_days
            from days
        )
        select channel, max(order_date) as last_order_date
        from gaps
        group by channel
        having count(*) >= 4 and date_diff('day', max(order_date), cast($1 as date)) > greatest(2, coalesce(max(gap_days), 0))
        order by channel
        """,
        None if period_end is None else period_end.date(),
    )
