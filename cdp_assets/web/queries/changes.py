"""What the Changes page asks: how the customers of one generation became those of the next, by the records behind them."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web.published import BEFORE, MARTS, Published

# What happened to an id, and how it changes the number of customers.
KINDS = {"created": 1, "split": 1, "revived": 1, "merged": -1, "retired": -1}

_CHANGED = f"""
    with now_rows as (select record_key, customer_id from {MARTS}.marts.customer_crosswalk where customer_id is not null),
    before_rows as (select record_key, customer_id from {BEFORE}.marts.customer_crosswalk where customer_id is not null),
    now_ids as (select customer_id from {MARTS}.marts.customers),
    before_ids as (select customer_id from {BEFORE}.marts.customers),
    came as (
        -- An id that is new here: its records are new, or were somebody else's (split), or it was known once (revived).
        select n.customer_id, max(b.customer_id) as other_customer_id, count(*) as record_count
        from now_rows as n
        left join before_rows as b on n.record_key = b.record_key
        where n.customer_id not in (select customer_id from before_ids)
        group by n.customer_id
    ),
    went as (
        -- An id that is gone: its records are somebody else's now (merged), or are gone too (retired).
        select b.customer_id, max(n.customer_id) as other_customer_id, count(*) as record_count
        from before_rows as b
        left join now_rows as n on b.record_key = n.record_key
        where b.customer_id not in (select customer_id from now_ids)
        group by b.customer_id
    ),
    known as (select distinct customer_id from {BEFORE}.marts.customer_id_events),
    changed as (
        select
            case
                when came.customer_id in (select customer_id from known) then 'revived'
                when came.other_customer_id is null then 'created' else 'split'
            end as kind,
            came.customer_id, came.other_customer_id, came.record_count
        from came
        union all
        select case when other_customer_id is null then 'retired' else 'merged' end, customer_id, other_customer_id, record_count
        from went
    )
"""


def bridge(shown: Published, before: Published) -> dict[str, int]:
    """Number of customers per kind of change since the generation before."""
    found = shown.ask_both(before, _CHANGED + "select kind, count(*) as customers from changed group by kind")
    return dict(zip(found["kind"], map(int, found["customers"]), strict=True))


def rows(shown: Published, before: Published, kind: str) -> pd.DataFrame:
    """The customers of one kind of change. One row per customer: customer_id, other_customer_id, record_count."""
    return shown.ask_both(
        before,
        _CHANGED
        + """
        select customer_id, other_customer_id, record_count from changed where kind = ?
        order by record_count desc, customer_id
        """,
        kind,
    )


def customers(shown: Published) -> int:
    """How many customers a generation has."""
    return int(shown.ask("select count(*) as customers from customers")["customers"].iloc[0])
