"""Step 4: Splink scores the pairs of nodes that share a blocking key; kept scores are used again.

A night scores new and changed nodes among themselves and against the rest. Under one model that equals scoring all. Which pairs
are compared belongs to blocking.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from splink import DuckDBAPI, Linker
from splink.internals.splink_dataframe import SplinkDataFrame

from cdp_assets.keys import register_pseudonym
from cdp_assets.linkage.blocking import keep_overfull, write_blocks, write_candidates, write_reopened
from cdp_assets.linkage.comparisons import TERM_COLUMNS
from cdp_assets.linkage.context import LinkageContext, StepSummary
from cdp_assets.linkage.model import (
    Model,
    current_model,
    frozen_terms_sql,
    splink_settings,
    term_table_sql,
)
from cdp_assets.linkage.scratch import Scratch, scratch_database

_KEPT_PROBABILITY = 0.05  # scores below it are of no use to anyone


@dataclass(frozen=True)
class _Night:
    """What is to be scored: all nodes, or those whose numbers are in table fresh against the rest."""

    is_full: bool
    fresh_count: int


def score_pairs(con: duckdb.DuckDBPyConnection, ctx: LinkageContext) -> StepSummary:
    """Make identity.pairs, identity.scored_nodes and identity.overfull_blocks from identity.node_evidence and state.

    pairs: one row per pair of nodes (node_key_l < node_key_r) with match_probability of at least 0.05: match_weight (bits),
    match_probability, match_key (name of the blocking rule that found it), model_version. scored_nodes: one row per node with
    self_weight, its weight against a record of the same evidence (bits, null for a node of one record).
    """
    model = current_model(con, ctx)
    register_pseudonym(con, ctx.key)
    with scratch_database(con) as scratch:
        register_pseudonym(scratch.con, ctx.key)
        write_blocks(scratch, ctx)
        overfull = keep_overfull(scratch, model.version)
        night = _choose_fresh(scratch, model)
        compared = write_candidates(scratch, fresh=None if night.is_full else "fresh")
        _write_scored_nodes(scratch, model)
        prepare_compared(scratch, model)
        linker = make_linker(scratch, model)
        _write_self_weights(scratch, linker)
        _write_pairs(scratch, linker, model, night)
    pairs, published = con.execute(
        "select count(*), count(*) filter (where match_probability >= ?) from identity.pairs",
        [ctx.knobs.publish_probability],
    ).fetchall()[0]
    nodes = con.execute("select count(*) from identity.scored_nodes").fetchall()[0][0]
    return StepSummary(
        "score_pairs",
        {
            "nodes": nodes, "nodes_scored": night.fresh_count, "pairs_compared": compared, "pairs_kept": pairs,
            "pairs_above_threshold": published, "model": model.version, "blocks_too_large": overfull,
        },
    )  # fmt: skip


def _choose_fresh(scratch: Scratch, model: Model) -> _Night:
    """Table fresh (node_no): nodes without kept scores, and nodes of blocks that were too large when last scored and are not now."""
    con, home = scratch.con, scratch.home
    write_reopened(scratch, model.version)
    con.execute(
        f"""
        create or replace table fresh as
        select evidence.rowid as node_no
        from {home}.identity.node_evidence as evidence
        anti join (
            select node_key from state.identity_scored_nodes where model_version = '{model.version}'
        ) as known on known.node_key = evidence.node_key
        union select node_no from reopened
        """
    )
    nodes, fresh = con.execute(
        f"select (select count(*) from {home}.identity.node_evidence), (select count(*) from fresh)"
    ).fetchall()[0]
    is_full = fresh * 2 > nodes
    return _Night(is_full, nodes if is_full else fresh)


def _write_scored_nodes(scratch: Scratch, model: Model) -> None:
    """identity.scored_nodes with the kept self weights, and table twins (node_no): nodes of several records that have none yet."""
    con, home = scratch.con, scratch.home
    con.execute(
        f"""
        create or replace table {home}.identity.scored_nodes as
        select evidence.node_key, kept.self_weight, '{model.version}' as model_version
        from {home}.identity.node_evidence as evidence
        left join state.identity_scored_nodes as kept
            on kept.node_key = evidence.node_key and kept.model_version = '{model.version}'
        order by evidence.node_key
        """
    )
    con.execute(
        f"""
        create or replace table twins as
        select evidence.rowid as node_no
        from {home}.identity.node_evidence as evidence
        join {home}.identity.scored_nodes as scored using (node_key)
        where evidence.record_count > 1 and scored.self_weight is null
        """
    )


def prepare_compared(
    scratch: Scratch,
    model: Model,
    nodes: str = "select join_key_l from candidates union select join_key_r from candidates union select node_no from twins",
) -> None:
    """Scratch table compared: the `nodes` (a query of node_no) with their evidence and what is derived from it."""
    evidence = f"{scratch.home}.identity.node_evidence"
    scratch.con.execute(
        f"""
        create or replace table compared_nodes as
        select rowid as node_no, evidence.* from {evidence} as evidence where rowid in ({nodes})
        """
    )
    scratch.con.execute(
        f"""
        create or replace table given_names as
        select
            names.given_key,
            array_to_string(list_sort(string_split(names.given_key, '')), '') as given_letters,
            known.term_key is not null as is_given_known,
        from (select distinct given_key from compared_nodes where given_key is not null) as names
        left join (
            select term_key from {frozen_terms_sql(model, scratch.home)} where column_name = 'known_given'
        ) as known on known.term_key = pseudonym('term' || chr(31) || names.given_key)
        """
    )
    scratch.con.execute(
        """
        create or replace table compared as
        select
            nodes.*,
            regexp_replace(email_user, '[^0-9]', '', 'g') as email_digits,
            given_letters,
            coalesce(is_given_known, false) as is_given_known,
            given_canon as given_term,
            family_key as family_term,
        from compared_nodes as nodes
        left join given_names using (given_key)
        """
    )
    scratch.con.execute("drop table compared_nodes; drop table given_names")


def make_linker(scratch: Scratch, model: Model, *, with_details: bool = False) -> Linker:
    """A linker over table compared with the model's parameters and frozen term frequencies."""
    api = DuckDBAPI(scratch.con)
    linker = Linker(
        api.register("compared"), splink_settings(model, with_details=with_details),
        log_level=None, validate_settings=False,
    )  # fmt: skip
    queries = term_table_sql(model, scratch.home)
    for column in TERM_COLUMNS:
        scratch.con.execute(f"create or replace table term_{column} as {queries[column]}")
        linker.table_management.register_term_frequency_lookup(api.register(f"term_{column}"), column)
    return linker


def predict(linker: Linker, pairs: str, probability: float | None = None) -> SplinkDataFrame:
    """Score the pairs of a table or query (match_key, join_key_l, join_key_r: node numbers), from `probability` on."""
    api = linker._db_api
    api.duckdb_con.execute(f"create or replace table wanted_pairs as from {pairs}")
    linker.table_management.register_blocked_pairs_for_predict(api.register("wanted_pairs"))
    return linker.inference.predict(threshold_match_probability=probability, warning_mode="never")


def _write_self_weights(scratch: Scratch, linker: Linker) -> None:
    """identity.scored_nodes: Splink's weight of a node against itself, where it stands for several records."""
    found = predict(
        linker, "(select 'twins' as match_key, node_no as join_key_l, node_no as join_key_r from twins)"
    )
    scratch.con.execute(
        f"""
        update {scratch.home}.identity.scored_nodes as s
        set self_weight = t.match_weight
        from {found.physical_name} as t
        join compared on compared.node_no = t.node_no_l
        where s.node_key = compared.node_key
        """
    )
    found.drop_table_from_database_and_remove_from_cache()


def _write_pairs(scratch: Scratch, linker: Linker, model: Model, night: _Night) -> None:
    """identity.pairs: kept pairs that still share a block, and the new ones, left below right."""
    found = predict(linker, "candidates", _KEPT_PROBABILITY)
    home = scratch.home
    # Evidence of a kept node is what it was; only a block that has become too large can part a pair.
    kept = f"""
        union all
        select
            k.node_key_l, k.node_key_r, k.match_weight, k.match_probability, k.match_key, k.model_version,
        from state.identity_pairs as k
        join {home}.identity.node_evidence as l on l.node_key = k.node_key_l
        join {home}.identity.node_evidence as r on r.node_key = k.node_key_r
        where k.model_version = '{model.version}'
            and l.rowid not in (from fresh) and r.rowid not in (from fresh)
            and (
                l.rowid not in (from crowded) or r.rowid not in (from crowded)
                or (l.rowid, r.rowid) in (
                    select (a.node_no, b.node_no) from blocks as a join blocks as b using (rule, block)
                    where a.node_no in (from crowded) and b.node_no in (from crowded)
                )
            )
    """
    scratch.con.execute(
        f"""
        create or replace table {home}.identity.pairs as
        with new_pairs as (
            select
                least(l.node_key, r.node_key) as node_key_l,
                greatest(l.node_key, r.node_key) as node_key_r,
                scored.match_weight,
                scored.match_probability,
                scored.match_key,
                '{model.version}' as model_version,
            from {found.physical_name} as scored
            join compared as l on l.node_no = scored.node_no_l
            join compared as r on r.node_no = scored.node_no_r
        )
        select * from new_pairs
        {"" if night.is_full else kept}
        order by node_key_l, node_key_r
        """
    )
    found.drop_table_from_database_and_remove_from_cache()
