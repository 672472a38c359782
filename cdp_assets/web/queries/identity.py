"""What the Identity page asks: quality over time, cluster sizes, guard events and id events."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web.published import Published

GUARDS, EVENTS = "ops_guard_events", "customer_id_events"


def quality(shown: Published) -> pd.DataFrame:
    """One row per as_of_date, metric and dimension: metric_value. A date with several runs shows its greatest value."""
    return shown.ask(
        """
        select as_of_date, metric, dimension, max(metric_value) as metric_value
        from ops_identity_quality
        group by as_of_date, metric, dimension
        order by as_of_date, metric, dimension
        """
    )


def sizes(shown: Published) -> pd.DataFrame:
    """How many customers have how many records. One row per records_behind."""
    return shown.ask(
        """
        with bands as (
            select
                case when record_count <= 5 then record_count::varchar when record_count <= 10 then '6 to 10'
                    when record_count <= 50 then '11 to 50' else 'over 50' end as records_behind,
                min(record_count) as least, count(*) as customer_count
            from customers group by 1
        )
        select records_behind, customer_count from bands order by least
        """
    )


def largest(shown: Published) -> pd.DataFrame:
    """The customers with most records. One row per customer."""
    return shown.ask(
        """
        with largest as (
            select customer_id, masked_full_name, record_count, account_count, channels, net_revenue
            from customers
            order by record_count desc, customer_id
            limit 25
        )
        select
            customer_id, masked_full_name, record_count, account_count, channels, min(confidence) as least_confidence, net_revenue
        from largest
        inner join customer_crosswalk using (customer_id)
        group by all
        order by record_count desc, customer_id
        """
    )


def guard_events(shown: Published) -> pd.DataFrame:
    """Every refusal in words, most records first. One row per guard and identifier."""
    return shown.ask(
        f"select guard, identifier_type, message, record_count from {GUARDS} order by record_count desc, message"
    )


def id_events(shown: Published) -> pd.DataFrame:
    """The latest changes of ids. One row per event."""
    return shown.ask(
        f"select effective_at, event, customer_id, other_customer_id, record_count, reason from {EVENTS} "
        "where event <> 'created' order by effective_at desc, event, customer_id limit 5000"
    )
