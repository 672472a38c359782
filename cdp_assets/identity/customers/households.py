"""Step 7: households. A separate id for customers who share an address with surname or phone; never a merge.

Who is one person does not belong here: see clusters.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from cdp_assets.engine import given
from cdp_assets.identity.cached_tables import keep_made_by, made_by
from cdp_assets.identity.context import IdentityContext, StepSummary
from cdp_assets.keys import register_pseudonym

_MOST_CUSTOMERS = 12


def assign_households(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make identity.households: one row per customer_id with its household_id.

    Two customers are one household if buyers' records of theirs share an unblocked street address and either the family name or
    the phone. household_id = H(key, smallest customer_id). Addresses with more than twelve customers make no household.
    """
    register_pseudonym(con, ctx.key)
    con.execute(
        f"""
        create or replace temp table household_keys as
        with evidence as (
            select distinct ids.customer_id, street.identifier_value as street, r.family_key, r.phone
            from identity.customer_ids as ids
            join identity.records as r using (record_key)
            join identity.identifiers as street
                on street.record_key = r.record_key and street.identifier_type = 'street' and not street.is_blocked
            left join identity.blocked_identifiers as b
                on b.identifier_type = 'phone' and b.identifier_value = r.phone
            where ids.contact_role = 'buyer' and b.identifier_value is null
        ),
        keyed as (
            select customer_id, street || '|f|' || family_key as shared from evidence where family_key is not null
            union
            select customer_id, street || '|p|' || phone from evidence where phone is not null
        )
        select customer_id, shared from keyed
        qualify count(*) over (partition by shared) between 2 and {_MOST_CUSTOMERS}
        """
    )
    con.execute(
        """
        create or replace temp table household_customers as
        select customer_id, row_number() over (order by customer_id) - 1 as number
        from (select distinct customer_id from identity.customer_ids)
        """
    )
    edges = con.execute(
        """
        select a.number as l, min(a.number) over (partition by k.shared) as r
        from household_keys as k join household_customers as a using (customer_id)
        """
    ).fetchnumpy()
    count = con.execute("select count(*) from household_customers").fetchall()[0][0]
    left, right = edges["l"].astype(np.int64), edges["r"].astype(np.int64)
    graph = coo_matrix(
        (np.ones(len(left), dtype=np.int8), (left, right)), shape=(max(count, 1), max(count, 1))
    )
    label = connected_components(graph, directed=False)[1][:count]
    (maker,) = con.execute("select pseudonym('households')").fetchall()[0]
    # Under one key an id is its first customer's for ever, so it is made once: of households that were known, the first has it already.
    known = (
        "select min(customer_id) as customer_id, household_id from identity.households group by household_id"
        if made_by(con, "households") == maker
        else "select null::varchar as customer_id, null::varchar as household_id limit 0"
    )
    con.execute(f"create or replace temp table known_households as {known}")
    with given(con, "household_labels", pa.table({"number": np.arange(count), "label": label})):
        con.execute(
            """
            create or replace table identity.households as
            with labelled as (
                select customer_id, label from household_customers join household_labels using (number)
            ),
            firsts as (select label, min(customer_id) as customer_id from labelled group by label),
            named as (
                select label, household_id from firsts join known_households using (customer_id)
                union all
                select label, pseudonym('household' || chr(31) || customer_id) from firsts
                anti join known_households using (customer_id)
            )
            select labelled.customer_id, named.household_id from labelled join named using (label)
            """
        )
    keep_made_by(con, "households", maker)
    con.execute(
        "drop table temp.household_keys; drop table temp.household_customers; drop table temp.known_households"
    )
    customers, households = con.execute(
        "select count(*), count(distinct household_id) from identity.households"
    ).fetchall()[0]
    return StepSummary("assign_households", {"customers": customers, "households": households})
