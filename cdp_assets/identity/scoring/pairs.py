"""Step 4: Splink scores the pairs of nodes that share a blocking key; kept scores are used again.

A night scores new and changed nodes among themselves and against the rest. Under one model that equals scoring all. Which pairs
are compared belongs to blocking.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from cdp_assets.identity.context import IdentityContext, StepSummary
from cdp_assets.identity.scoring.blocking import keep_overfull, write_blocks, write_candidates, write_reopened
from cdp_assets.identity.scoring.in_force import current_model
from cdp_assets.identity.scoring.inputs import make_linker, predict, prepare_compared
from cdp_assets.identity.scoring.model import Model
from cdp_assets.identity.scoring.on_spark import predict_on_spark
from cdp_assets.identity.scoring.scratch import Scratch, scratch_database
from cdp_assets.keys import register_pseudonym

_KEPT_PROBABILITY = 0.05  # scores below it are of no use to anyone
_PAIRS = "(from candidates union all select 'twins', node_no, node_no from twins)"
_COMPARED = "select join_key_l as node_no from candidates union select join_key_r from candidates union select node_no from twins"


@dataclass(frozen=True)
class _Night:
    """What is to be scored: all nodes, or those whose numbers are in table fresh against the rest."""

    is_full: bool
    fresh_count: int


def score_pairs(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make identity.pairs, identity.scored_nodes and identity.overfull_blocks from identity.node_evidence and state.

    pairs: one row per pair of nodes (node_key_l < node_key_r) with match_probability of at least 0.05: match_weight (bits),
    match_probability, match_key (name of the blocking rule that found it), model_version. scored_nodes: one row per node with
    self_weight, its weight against a record of the same evidence (bits; null for a node of one record, and below that probability).
    """
    model = current_model(con, ctx)
    register_pseudonym(con, ctx.key)
    with scratch_database(con) as scratch:
        register_pseudonym(scratch.con, ctx.key)
        write_blocks(scratch, ctx)
        overfull = keep_overfull(scratch, model.version)
        night = _choose_fresh(scratch, model)
        compared = write_candidates(scratch, fresh=None if night.is_full else "fresh")
        _write_twins(scratch, model)
        prepare_compared(scratch, model, _COMPARED)
        scored = _scored(scratch, model, ctx)
        _write_scored_nodes(scratch, scored, model)
        _write_pairs(scratch, scored, model, night)
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


def _scored(scratch: Scratch, model: Model, ctx: IdentityContext) -> str:
    """The scratch table of scored pairs, weighed by Spark where the run has a session."""
    if ctx.spark is not None:
        return predict_on_spark(ctx.spark, scratch, model, _PAIRS, _KEPT_PROBABILITY)
    scored: str = predict(make_linker(scratch, model), _PAIRS, _KEPT_PROBABILITY).physical_name
    return scored


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


def _write_twins(scratch: Scratch, model: Model) -> None:
    """Scratch table twins (node_no): nodes of several records without a kept weight against themselves."""
    home = scratch.home
    scratch.con.execute(
        f"""
        create or replace table twins as
        select evidence.rowid as node_no
        from {home}.identity.node_evidence as evidence
        semi join (select node_key from {home}.identity.nodes group by node_key having count(*) > 1) as shared
            on shared.node_key = evidence.node_key
        anti join (
            select node_key from state.identity_scored_nodes
            where model_version = '{model.version}' and self_weight is not null
        ) as kept on kept.node_key = evidence.node_key
        """
    )


def _write_scored_nodes(scratch: Scratch, scored: str, model: Model) -> None:
    """identity.scored_nodes: each node's weight against itself, as kept or as table `scored` says."""
    home = scratch.home
    scratch.con.execute(
        f"""
        create or replace table {home}.identity.scored_nodes as
        select evidence.node_key, coalesce(kept.self_weight, weighed.match_weight) as self_weight, '{model.version}' as model_version
        from {home}.identity.node_evidence as evidence
        left join (from {scored} where node_no_l = node_no_r) as weighed on weighed.node_no_l = evidence.rowid
        left join state.identity_scored_nodes as kept
            on kept.node_key = evidence.node_key and kept.model_version = '{model.version}'
        """
    )


def _write_pairs(scratch: Scratch, scored: str, model: Model, night: _Night) -> None:
    """identity.pairs: kept pairs that still share a block, and the new ones of table `scored`, left below right."""
    home = scratch.home
    # Evidence of a kept node is what it was; only a block that has become too large can part a pair.
    kept = f"""
        union all
        select
            k.node_key_l, k.node_key_r, k.match_weight, k.match_probability, k.match_key, k.model_version,
        from state.identity_pairs as k
        join settled as l on l.node_key = k.node_key_l
        join settled as r on r.node_key = k.node_key_r
        where k.model_version = '{model.version}'
            and (
                not l.is_crowded or not r.is_crowded
                or (l.node_no, r.node_no) in (
                    select (a.node_no, b.node_no) from blocks as a join blocks as b using (rule, block)
                    where a.node_no in (from crowded) and b.node_no in (from crowded)
                )
            )
    """
    scratch.con.execute(
        f"""
        create or replace table {home}.identity.pairs as
        with settled as (
            select node_key, rowid as node_no, rowid in (from crowded) as is_crowded
            from {home}.identity.node_evidence
            where rowid not in (from fresh)
        ),
        new_pairs as (
            select
                least(l.node_key, r.node_key) as node_key_l,
                greatest(l.node_key, r.node_key) as node_key_r,
                scored.match_weight,
                scored.match_probability,
                scored.match_key,
                '{model.version}' as model_version,
            from {scored} as scored
            join {home}.identity.node_evidence as l on l.rowid = scored.node_no_l
            join {home}.identity.node_evidence as r on r.rowid = scored.node_no_r
            where scored.node_no_l <> scored.node_no_r
        )
        select * from new_pairs
        {"" if night.is_full else kept}
        """
    )
