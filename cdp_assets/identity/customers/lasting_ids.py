"""Step 6: lasting ids. Each cluster gets the id that most of its records had; the rest get new ones, never issued before.

Reads the map of the current generation from state and writes a proposal; committing it belongs to commit.
"""

from __future__ import annotations

from functools import cache

import duckdb

from cdp_assets.identity import cached_tables, changes
from cdp_assets.identity.context import IDENTITY_DIR, IdentityContext, StepSummary
from cdp_assets.keys import register_pseudonym
from cdp_assets.sql_text import from_file


def assign_customer_ids(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make the proposal from identity.clusters, identity.records and state.

    customer_ids: one row per record_key (channel, source_customer_id, record_kind, contact_role, customer_id, confidence).
    customer_id_changes: one row per record_key whose id differs from the current generation's (old null: new record; new null:
    the record is gone). customer_id_events: state's rows and this run's, which bear its generation_number. issued_ids: those that this
    run issues. Where the last run's proposal was committed, only records of components that were built since are looked at.
    """
    register_pseudonym(con, ctx.key)
    is_held = _is_held(con)
    _write_scope(con, is_held=is_held)
    _write_claims(con, is_held=is_held)
    _assign_by_rank(con)
    _mint_rest(con)
    _write_customer_ids(con, ctx, is_held=is_held)
    _write_changes(con)
    _write_issued(con, ctx)
    _write_events(con, ctx, is_held=is_held)
    con.execute("drop view temp.clusters_here; drop view temp.ids_here")
    for table in ("rebuilt", "current_map", "settled", "claims", "cluster_ids"):
        con.execute(f"drop table if exists temp.{table}")
    row = con.execute(
        """
        select
            (select count(distinct customer_id) from identity.customer_ids),
            (select count(*) from identity.customer_id_changes),
            (select count(*) from identity.customer_id_events where generation_number = (select n from next_generation)
                and event = 'merged'),
            (select count(*) from identity.customer_id_events where generation_number = (select n from next_generation)
                and event = 'split'),
        """
    ).fetchall()[0]
    return StepSummary(
        "assign_customer_ids",
        {"customers": row[0], "records_changed": row[1], "merged": row[2], "split": row[3]},
    )


def _is_held(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether identity.customer_ids and identity.customer_id_events are what state's current generation says."""
    last = con.execute(
        "select generation_number, run_id from state.identity_generations "
        "qualify generation_number = max(generation_number) over () and not is_withdrawn"
    ).fetchone()
    return last is not None and cached_tables.made_by(con, "customer_ids") == _made_by(*last)


def _made_by(number: int, run_id: str) -> str:
    """What identity.customer_ids was made by: the proposal, and the code."""
    return cached_tables.digest_of_facts(number, run_id, _rules())


@cache
def _rules() -> str:
    """Digest of the code that assigns ids."""
    names = ("lasting_ids.py", "claims.sql", "customer_id_events.sql")
    return cached_tables.digest_of([IDENTITY_DIR / "customers" / name for name in names])


def _write_scope(con: duckdb.DuckDBPyConnection, *, is_held: bool) -> None:
    """Temp table rebuilt (record_key: records of the components that were built since ids were assigned), views clusters_here and ids_here
    (rows of identity.clusters and identity.customer_ids to look at) and temp tables next_generation and current_map (live ids of them).

    Components are closed: a live id has all of its records in one, so that no other id has a claim on what is in another.
    """
    changes.begin(con, "unassigned")
    con.execute("create or replace temp table rebuilt as select distinct record_key from identity.unassigned")
    here = "semi join rebuilt using (record_key)" if is_held else ""
    con.execute(f"create or replace temp view clusters_here as from identity.clusters {here}")
    con.execute(
        """
        create or replace temp table next_generation as
        select coalesce(max(generation_number), 0) + 1 as n from state.identity_generations
        """
    )
    con.execute(
        f"""
        create or replace temp table current_map as
        select record_key, customer_id, channel, record_kind, from_generation
        from (from state.customer_id_history where to_generation is null) {here}
        """
    )


def _write_claims(con: duckdb.DuckDBPyConnection, *, is_held: bool) -> None:
    """Temp tables settled (cluster_key, customer_id) and claims (customer_id, cluster_key with what they share) over live and retired
    ids that are not settled.

    A cluster whose records are those of one live id, all of them and no others, is settled: no claim on it can be better than that id's,
    which has no other.
    """
    con.execute(
        """
        create or replace temp table settled as
        with held as (
            select
                clusters.cluster_key, count(*) as records, count(m.customer_id) as shared,
                min(m.customer_id) as customer_id, max(m.customer_id) as other_id,
            from clusters_here as clusters
            left join current_map as m using (record_key)
            group by clusters.cluster_key
        )
        select held.cluster_key, held.customer_id
        from held
        join (select customer_id, count(*) as records from current_map group by customer_id) as sized using (customer_id)
        where held.customer_id = held.other_id and held.records = held.shared and held.shared = sized.records
        """
    )
    con.execute(from_file(__name__, "claims", is_held=is_held))


def _assign_by_rank(con: duckdb.DuckDBPyConnection) -> None:
    """Temp table cluster_ids: one to one, settled ones and then best claim first.

    Under a strict total order of claims, taking every claim that is the best both of its id and of its cluster, and repeating on
    what is left, gives what going down the list one by one gives.
    """
    con.execute(
        """
        create or replace temp table cluster_ids as
        select cluster_key, customer_id, 'kept' as origin from settled
        """
    )
    con.execute(
        """
        create or replace temp table ranked as
        select
            *,
            row_number() over (
                order by accounts_shared desc, records_shared desc, is_live desc, held_since, id_size, first_generation,
                    customer_id, cluster_key
            ) as rank,
        from claims
        """
    )
    while con.execute("select count(*) from ranked").fetchall()[0][0]:
        con.execute(
            """
            insert into cluster_ids
            select cluster_key, customer_id, case when is_live then 'kept' else 'revived' end
            from ranked
            qualify rank = min(rank) over (partition by customer_id) and rank = min(rank) over (partition by cluster_key)
            """
        )
        con.execute(
            """
            create or replace temp table ranked as
            select ranked.* from ranked
            anti join cluster_ids as c on c.cluster_key = ranked.cluster_key
            anti join cluster_ids as i on i.customer_id = ranked.customer_id
            """
        )
    con.execute("drop table ranked")


def _mint_rest(con: duckdb.DuckDBPyConnection) -> None:
    """Ids for clusters without one: H(key, smallest record_key, n) with the smallest n never issued."""
    con.execute("alter table cluster_ids add column mint_number bigint")
    mint_number = 0
    while True:
        con.execute(
            f"""
            create or replace temp table minted as
            select cluster_key, pseudonym('customer' || chr(31) || cluster_key || chr(31) || '{mint_number}') as customer_id
            from (select distinct cluster_key from clusters_here) as c
            anti join cluster_ids using (cluster_key)
            """
        )
        if not con.execute("select count(*) from minted").fetchall()[0][0]:
            break
        con.execute(
            f"""
            insert into cluster_ids
            select cluster_key, customer_id, 'created', {mint_number}
            from minted
            anti join state.issued_ids using (customer_id)
            """
        )
        mint_number += 1
    con.execute("drop table minted")


def _write_customer_ids(con: duckdb.DuckDBPyConnection, ctx: IdentityContext, *, is_held: bool) -> None:
    """Bring identity.customer_ids up to the clusters, and strike what led to it."""
    rows = """
        select
            records.record_key,
            records.channel,
            records.source_customer_id,
            records.record_kind,
            records.contact_role,
            cluster_ids.customer_id,
            clusters.confidence,
        from clusters_here as clusters
        join identity.records as records using (record_key)
        join cluster_ids using (cluster_key)
    """
    (number,) = con.execute("select n from next_generation").fetchall()[0]
    with cached_tables.at_once(con):
        if is_held:
            con.execute("delete from identity.customer_ids where record_key in (from rebuilt)")
            con.execute(f"insert into identity.customer_ids {rows}")
        else:
            con.execute(f"create or replace table identity.customer_ids as {rows}")
        changes.strike(con, "unassigned")
        cached_tables.keep_made_by(con, "customer_ids", _made_by(number, ctx.run_id))
    here = "semi join rebuilt using (record_key)" if is_held else ""
    con.execute(f"create or replace temp view ids_here as from identity.customer_ids {here}")


def _write_changes(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """
        create or replace table identity.customer_id_changes as
        select
            coalesce(new.record_key, old.record_key) as record_key,
            coalesce(new.channel, old.channel) as channel,
            coalesce(new.record_kind, old.record_kind) as record_kind,
            old.customer_id as old_customer_id,
            new.customer_id as new_customer_id,
            case
                when old.customer_id is null then 'new_record'
                when new.customer_id is null then 'record_gone'
                when ruled.record_key is not null then 'ruling'
                else 'evidence'
            end as reason,
        from ids_here as new
        full outer join current_map as old using (record_key)
        left join (
            select record_key_l as record_key from state.rulings where not is_undone
            union select record_key_r from state.rulings where not is_undone
        ) as ruled on ruled.record_key = coalesce(new.record_key, old.record_key)
        where new.customer_id is distinct from old.customer_id
        order by record_key
        """
    )


def _write_issued(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> None:
    con.execute(
        f"""
        create or replace table identity.issued_ids as
        select
            customer_id, cluster_key as origin_record_key, mint_number, (select n from next_generation) as first_generation,
            timestamp '{ctx.as_of_date:%Y-%m-%d}' as issued_at,
        from cluster_ids
        where origin = 'created'
        """
    )


def _write_events(con: duckdb.DuckDBPyConnection, ctx: IdentityContext, *, is_held: bool) -> None:
    """Events of this run: created, merged, split, moved, revived, retired, ruled; beside those of state."""
    con.execute(
        from_file(__name__, "customer_id_events", as_of_date=f"{ctx.as_of_date:%Y-%m-%d}", is_held=is_held)
    )
