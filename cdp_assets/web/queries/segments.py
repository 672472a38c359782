"""What the Segments page asks: RFM cells and segments, movements, lifecycle, and the rows of a download."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web.published import Published

MASKED = ("masked_full_name", "masked_phone", "masked_email")


def rfm_grid(shown: Published) -> pd.DataFrame:
    """One row per recency and frequency score: customer_count, net_revenue, mean_net_revenue (reporting currency)."""
    return shown.ask(
        """
        select
            recency_score, frequency_score,
            count(*) as customer_count,
            cast(sum(monetary) as double) as net_revenue,
            cast(sum(monetary) / count(*) as double) as mean_net_revenue
        from customer_rfm
        group by recency_score, frequency_score
        """
    )


def segments(shown: Published) -> pd.DataFrame:
    """marts.rfm_segments, largest revenue first. One row per segment."""
    return shown.ask("select * exclude (as_of_date) from rfm_segments order by net_revenue desc, segment")


def history_dates(shown: Published) -> list[pd.Timestamp]:
    """The dates of runs whose RFM is kept, oldest first."""
    return list(shown.ask("select distinct as_of_date from rfm_history order by as_of_date")["as_of_date"])


def movements(shown: Published, before: pd.Timestamp, after: pd.Timestamp) -> pd.DataFrame:
    """Customers by segment at two dates. One row per from_segment and to_segment; merged ids count as their successor."""
    return shown.ask(
        """
        with history as (
            select as_of_date, coalesce(successor_customer_id, customer_id) as customer_id, max_by(segment, monetary) as segment
            from rfm_history
            where as_of_date in ($1, $2)
            group by as_of_date, coalesce(successor_customer_id, customer_id)
        ),
        befores as (select customer_id, segment from history where as_of_date = $1),
        afters as (select customer_id, segment from history where as_of_date = $2)
        select
            coalesce(befores.segment, '(not scored)') as from_segment,
            coalesce(afters.segment, '(not scored)') as to_segment,
            count(*) as customer_count
        from befores full outer join afters on befores.customer_id = afters.customer_id
        group by 1, 2
        """,
        before.date(),
        after.date(),
    )


STAGES = ("prospect", "new", "active", "silent", "lost", "won_back")  # in a customer's order


def lifecycle_stages(shown: Published) -> pd.DataFrame:
    """marts.lifecycle_stages. One row per month_end and stage."""
    return shown.ask("select * from lifecycle_stages order by month_end, stage")


def flow_months(shown: Published) -> list[pd.Timestamp]:
    """The months that have a flow, newest first."""
    return list(
        shown.ask("select distinct month_end from lifecycle_transitions order by 1 desc")["month_end"]
    )


def lifecycle_flow(shown: Published, month_end: pd.Timestamp) -> pd.DataFrame:
    """marts.lifecycle_transitions of one month. One row per from_stage and to_stage."""
    return shown.ask(
        "select from_stage, to_stage, customer_count from lifecycle_transitions where month_end = ?",
        month_end.date(),
    )


def cut_points(shown: Published) -> pd.DataFrame:
    """Where the scores of the latest date begin and end. One row per score_of and score."""
    return shown.ask(
        """
        select score_of, score, least_value, greatest_value, customer_count
        from rfm_cut_point_history
        where as_of_date = (select max(as_of_date) from rfm_cut_point_history)
        order by score_of, score desc
        """
    )


def value_by_segment(shown: Published) -> pd.DataFrame:
    """What each segment is expected to be worth in twelve months. One row per segment."""
    return shown.ask(
        """
        select
            r.segment, count(*) as customer_count,
            sum(v.discounted_value_12_months) as discounted_value_12_months,
            avg(v.discounted_value_12_months) as mean_value_12_months,
            avg(v.expected_purchase_days_12_months) as mean_orders_12_months,
            avg(v.probability_alive) as mean_probability_alive
        from customer_rfm as r inner join customer_value as v on r.customer_id = v.customer_id
        group by r.segment
        order by discounted_value_12_months desc nulls last, r.segment
        """
    )


def calibration(shown: Published) -> pd.DataFrame:
    """Repeat purchase days seen and predicted. One row per week and kind (actual, predicted), with is_holdout."""
    return shown.ask(
        """
        select week_start_date, is_holdout, 'actual' as kind, cast(actual_repeat_orders as double) as repeat_orders
        from customer_value_calibration
        union all
        select week_start_date, is_holdout, 'predicted', predicted_repeat_orders from customer_value_calibration
        order by 1, 3
        """
    )


def value_fit(shown: Published) -> pd.DataFrame:
    """marts.customer_value_fit. One row per model."""
    return shown.ask("select * from customer_value_fit order by model")


def sizes(shown: Published) -> pd.DataFrame:
    """One row per segment: customer_count and consented_count (marketing allowed)."""
    return shown.ask(
        """
        select r.segment, count(*) as customer_count, count(*) filter (where c.is_marketing_allowed) as consented_count
        from customer_rfm as r inner join customers as c on r.customer_id = c.customer_id
        group by r.segment
        order by r.segment
        """
    )


def audience(shown: Published, chosen: list[str]) -> pd.DataFrame:
    """Customers of the segments who allow marketing, nobody else, masked. One row per customer."""
    return shown.ask(
        f"""
        select
            r.customer_id, r.segment, r.rfm_cell, {", ".join(f"c.{name}" for name in MASKED)}, c.city, c.country,
            r.last_purchase_date, r.recency_days, r.frequency, r.monetary
        from customer_rfm as r
        inner join customers as c on r.customer_id = c.customer_id
        where c.is_marketing_allowed and r.segment in (select unnest($1::varchar[]))
        order by r.segment, r.customer_id
        """,
        chosen,
    )


def value_verdict(shown: Published) -> pd.DataFrame:
    """marts.customer_value_verdict. One row per measure."""
    return shown.ask(
        "select measure, status, horizon_days, customer_count, predicted_mean, actual_mean, actual_low, actual_high, deciles_inside "
        "from customer_value_verdict order by measure"
    )


def churn_calibration(shown: Published) -> pd.DataFrame:
    """marts.churn_calibration. One row per measure and decile of the prediction."""
    return shown.ask(
        "select measure, decile, customer_count, predicted_mean, actual_mean, actual_low, actual_high, is_inside "
        "from churn_calibration order by measure, decile"
    )
