"""Purchase histories (x, t_x, T) out of the warehouse: checked and summarised in DuckDB, read grouped.

Only reading belongs here. `build_histories` leaves the temporary table `_histories`, one row per customer with a
purchase day: customer_id, x (repeat days), t_x and age (days), has_earlier_purchases, total_value, first_date,
mean_repeat_value (null without a repeat day).
"""

from __future__ import annotations

from datetime import date

import duckdb

from cdp_assets.insight.bgnbd import Histories
from cdp_assets.insight.chain import FloatArray
from cdp_assets.insight.tables import (
    PURCHASE_DAY_COLUMNS,
    PURCHASE_DAYS,
    InsightInputProblem,
    require_columns,
)

HISTORIES = "_histories"


def check_purchase_days(con: duckdb.DuckDBPyConnection, relation: str = PURCHASE_DAYS) -> None:
    """Raise `InsightInputProblem` where the purchase days break their contract; counts only, never a value."""
    require_columns(con, relation, PURCHASE_DAY_COLUMNS)
    row = con.execute(
        f"""
        select
            count(*) filter (customer_id is null or purchase_date is null),
            count(*) filter (net_amount is null),
            count(*) - count(distinct (customer_id, purchase_date)),
            count(*) filter (not isfinite(net_amount::double)),
        from {relation}
        """
    ).fetchone()
    assert row is not None
    faults = (
        "have no customer_id or purchase_date",
        "have no net_amount (a currency without a rate? data/reference/fx_rates.csv needs one for each)",
        "repeat a customer and day",
        "have a net_amount that is no finite number",
    )
    problems = [f"{count:,} rows {what}" for count, what in zip(row, faults, strict=True) if count]
    if problems:
        raise InsightInputProblem(f"{relation}: {'; '.join(problems)}: correct the model that builds it")


def build_histories(con: duckdb.DuckDBPyConnection, as_of_date: date, relation: str = PURCHASE_DAYS) -> None:
    """Summarise the purchase days up to `as_of_date` (days with a net amount of zero or less are none)."""
    con.execute(
        f"""
        create or replace temp table {HISTORIES} as
        with customers as (
            select
                customer_id,
                count(*) - 1 as x,
                min(purchase_date) as first_date,
                max(purchase_date) as last_date,
                coalesce(bool_or(has_earlier_purchases), false) as has_earlier_purchases,
                sum(net_amount::decimal(18, 4)) as total_value,
                arg_min(net_amount::decimal(18, 4), purchase_date) as first_value,
            from {relation}
            where net_amount > 0 and purchase_date <= ?
            group by customer_id
        )
        select
            customer_id, x, has_earlier_purchases, total_value, first_date,
            date_diff('day', first_date, last_date) as t_x,
            date_diff('day', first_date, ?::date) as age,
            if(x > 0, (total_value - first_value)::double / x, null) as mean_repeat_value,
        from customers
        """,
        [as_of_date, as_of_date],
    )


def read_histories(con: duckdb.DuckDBPyConnection) -> Histories:
    """The histories that are fitted, grouped by equal (x, t_x, age)."""
    columns = con.execute(
        f"""
        select x::double as x, t_x::double as t_x, age::double as age, count(*)::double as customers,
        from {HISTORIES}
        where not has_earlier_purchases
        group by all
        order by all
        """
    ).fetchnumpy()
    return Histories(columns["x"], columns["t_x"], columns["age"], columns["customers"])


def read_repeat_values(con: duckdb.DuckDBPyConnection) -> tuple[FloatArray, FloatArray]:
    """Repeat days and their mean value of the fitted customers that have any, in a fixed order."""
    columns = con.execute(
        f"""
        select x::double as x, mean_repeat_value::double as mean_repeat_value,
        from {HISTORIES}
        where not has_earlier_purchases and x > 0
        order by x, mean_repeat_value
        """
    ).fetchnumpy()
    return columns["x"], columns["mean_repeat_value"]
