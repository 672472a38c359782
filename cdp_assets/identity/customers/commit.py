"""Committing a proposal: identity's memory in state.duckdb changes in one transaction, stamped with the generation.

Judging the proposal belongs to blast_radius; publishing to another room.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdp_assets.engine import given
from cdp_assets.identity.context import IdentityProblem
from cdp_assets.identity.tables import has_table


@dataclass(frozen=True)
class CommitSummary:
    """generation_number of the commit, and whether this call made it (False: it was there already)."""

    generation_number: int
    is_new: bool
    records_changed: int


def commit(
    state_con: duckdb.DuckDBPyConnection,
    warehouse_path: Path,
    generation: str,
    *,
    is_change_accepted: bool = False,
) -> CommitSummary:
    """Copy the proposal of warehouse_path (schema identity) into the open state database, all or nothing.

    Idempotent: a generation that is committed already is left as it is, so a run killed after the commit can call it again.
    Raises IdentityProblem if the proposal was made against another generation than the current one.
    """
    state_con.execute(f"attach '{str(warehouse_path).replace(chr(39), chr(39) * 2)}' as proposal (read_only)")
    try:
        state_con.begin()
        try:
            summary = commit_proposal(
                state_con, generation, build="proposal", is_change_accepted=is_change_accepted
            )
            state_con.commit()
        except BaseException:
            state_con.rollback()
            raise
        return summary
    finally:
        state_con.execute("detach proposal")


def commit_proposal(
    con: duckdb.DuckDBPyConnection,
    generation: str,
    *,
    build: str = "warehouse",
    is_change_accepted: bool = False,
) -> CommitSummary:
    """The same inside the caller's transaction, with the warehouse attached under the name `build`."""
    done = con.execute(
        "select generation_number from identity_generations where generation = ?", [generation]
    ).fetchone()
    if done is not None:
        return CommitSummary(int(done[0]), False, 0)
    facts = None
    if has_table(con, "proposal", database=build):
        facts = con.execute(
            f"select generation_number, as_of_date, run_id, model_version from {build}.identity.proposal"
        ).fetchone()
    if facts is None:
        raise IdentityProblem(
            "the warehouse holds no identity proposal: run the identity steps first (`onefold run`)"
        )
    number, as_of_date, run_id, model_version = facts
    expected = con.execute(
        "select coalesce(max(generation_number), 0) + 1 from identity_generations"
    ).fetchall()[0][0]
    if number != expected:
        raise IdentityProblem(
            f"the identity proposal was made for generation {number}, but {expected} is next: run again, so that ids are "
            "compared with the current map"
        )
    con.execute(
        "insert into identity_generations values (?, ?, ?, ?, ?, false, ?)",
        [number, generation, as_of_date, run_id, model_version, is_change_accepted],
    )
    _commit_ids(con, build, number)
    _commit_model(con, build)
    _commit_scores(con, build)
    con.execute(
        "insert into identity_quality select generation_number, as_of_date, metric, dimension, value "
        f"from {build}.identity.quality where generation_number = ?",
        [number],
    )
    changed = con.execute(f"select count(*) from {build}.identity.customer_id_changes").fetchall()[0][0]
    return CommitSummary(int(number), True, int(changed))


def _commit_ids(con: duckdb.DuckDBPyConnection, build: str, number: int) -> None:
    con.execute(
        f"""
        update customer_id_history as h
        set to_generation = ?, superseded_at = p.as_of_date::timestamp
        from {build}.identity.customer_id_changes as c, {build}.identity.proposal as p
        where h.record_key = c.record_key and h.to_generation is null
        """,
        [number],
    )
    con.execute(
        f"""
        insert into customer_id_history
        select c.record_key, c.channel, c.record_kind, c.new_customer_id, c.reason, p.as_of_date::timestamp, null, ?, null
        from {build}.identity.customer_id_changes as c, {build}.identity.proposal as p
        where c.new_customer_id is not null
        """,
        [number],
    )
    con.execute(
        f"insert into customer_id_events select * from {build}.identity.customer_id_events where generation_number = ?",
        [number],
    )
    con.execute(f"insert into issued_ids select * from {build}.identity.issued_ids on conflict do nothing")


def _commit_model(con: duckdb.DuckDBPyConnection, build: str) -> None:
    if con.execute(f"select count(*) from {build}.identity.models").fetchall()[0][0] == 0:
        return
    con.execute("update identity_models set is_current = false where is_current")
    con.execute(
        f"insert into identity_models select * from {build}.identity.models "
        "on conflict (model_version) do update set is_current = true"
    )
    con.execute("delete from identity_term_frequencies")
    con.execute(f"insert into identity_term_frequencies select * from {build}.identity.term_frequencies")


def _commit_scores(con: duckdb.DuckDBPyConnection, build: str) -> None:
    """Kept scores become the proposal's; what stays is not rewritten."""
    for table, source, keys in (
        ("identity_scored_nodes", "scored_nodes", ("node_key", "model_version", "self_weight")),
        ("identity_pairs", "pairs", ("node_key_l", "node_key_r", "model_version", "match_key")),
        ("identity_overfull_blocks", "overfull_blocks", ("blocking_rule", "block_key", "model_version")),
    ):
        same = " and ".join(f"{table}.{key} is not distinct from s.{key}" for key in keys)
        columns = ", ".join(row[0] for row in con.execute(f"describe {table}").fetchall())
        con.execute(
            f"delete from {table} where not exists (select 1 from {build}.identity.{source} as s where {same})"
        )
        con.execute(
            f"insert into {table} select {columns} from {build}.identity.{source} as s "
            f"where not exists (select 1 from {table} where {same})"
        )


def withdraw_generations(state_con: duckdb.DuckDBPyConnection, generation: str) -> int:
    """Make `generation` the current one again (rollback): later ones are marked withdrawn, the map is restored.

    Ids issued later stay issued, so they go to nobody else. Returns how many generations were withdrawn.
    """
    state_con.begin()
    try:
        withdrawn = withdraw_later(state_con, generation)
        state_con.commit()
    except BaseException:
        state_con.rollback()
        raise
    return withdrawn


def withdraw_later(con: duckdb.DuckDBPyConnection, generation: str) -> int:
    """The same inside the caller's transaction."""
    found = con.execute(
        "select generation_number from identity_generations where generation = ?", [generation]
    ).fetchone()
    if found is None:
        raise IdentityProblem(
            f"generation {generation} was never committed here: `onefold status` lists those that were"
        )
    number = int(found[0])
    con.execute("delete from customer_id_history where from_generation > ?", [number])
    con.execute(
        "update customer_id_history set to_generation = null, superseded_at = null where to_generation > ?",
        [number],
    )
    con.execute("delete from customer_id_events where generation_number > ?", [number])
    con.execute("update identity_generations set is_withdrawn = true where generation_number > ?", [number])
    withdrawn = con.execute(
        "select count(*) from identity_generations where generation_number > ?", [number]
    ).fetchall()[0][0]
    return int(withdrawn)


def adopt_model(con: duckdb.DuckDBPyConnection, models: list[tuple[object, ...]], terms: object) -> None:
    """Put a trained model in force in state (con: state, writable); the next run scores everything anew under it.

    models: the row of identity.models; terms: identity.term_frequencies as an Arrow table. The run that follows still has to pass
    the blast radius; to go back, train again or restore state.
    """
    with given(con, "adopted_terms", terms):
        con.begin()
        try:
            con.execute("update identity_models set is_current = false where is_current")
            con.executemany(
                "insert into identity_models values (?, ?, ?, ?, ?, ?) "
                "on conflict (model_version) do update set is_current = true",
                models,
            )
            con.execute("delete from identity_term_frequencies")
            con.execute("insert into identity_term_frequencies select * from adopted_terms")
            con.commit()
        except BaseException:
            con.rollback()
            raise
