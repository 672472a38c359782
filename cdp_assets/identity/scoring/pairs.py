"""Step 4: Splink scores the pairs of nodes that share a blocking key; kept scores are used again.

identity.pairs and what belongs to it follow identity.node_evidence: a night takes away pairs of nodes that are gone, scores new nodes among
themselves and against the rest, and judges again the pairs of blocks that have become too large, or are so no longer. Under one
model that equals scoring all. Which pairs are compared belongs to blocking.
"""

from __future__ import annotations

import duckdb

from cdp_assets.identity.cached_tables import at_once, forget, keep_made_by, made_by
from cdp_assets.identity.changes import begin, note, strike
from cdp_assets.identity.context import IdentityContext, StepSummary
from cdp_assets.identity.scoring import blocking
from cdp_assets.identity.scoring.in_force import current_model
from cdp_assets.identity.scoring.inputs import make_linker, predict, prepare_compared
from cdp_assets.identity.scoring.model import Model
from cdp_assets.identity.scoring.on_spark import predict_on_spark
from cdp_assets.identity.scoring.scratch import Scratch, scratch_database
from cdp_assets.keys import register_pseudonym
from cdp_assets.sql_text import literal

KEPT_PROBABILITY = 0.05  # scores below it are of no use to anyone
_PAIRS = "(from candidates union all select 'twins', node_no, node_no from twins)"
_COMPARED = "select join_key_l as node_no from candidates union select join_key_r from candidates union select node_no from twins"
# Of the tables in state that a warehouse without scores begins with: columns that state has not.
_KEPT = {
    "pairs": "*",
    "scored_nodes": "*, self_weight is not null as is_twin",
    "overfull_blocks": "*, null::ubigint as block",
}


def score_pairs(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make identity.pairs, identity.scored_nodes and identity.overfull_blocks from identity.node_evidence and what was scored before.

    pairs: one row per pair of nodes (node_key_l < node_key_r) with match_probability of at least 0.05: match_weight (bits),
    match_probability, match_key (name of the first blocking rule that finds it), model_version. scored_nodes: one row per node with
    self_weight, its weight against a record of the same evidence (bits; null for a node of one record, and below that probability),
    and is_twin (several records share it). overfull_blocks: one row per block of too many nodes. What was scored before is what this
    warehouse holds, if it is of the same model, else what state does.
    """
    model = current_model(con, ctx)
    register_pseudonym(con, ctx.key)
    maker = f"{made_by(con, 'nodes')} {model.version} {ctx.knobs.max_block_nodes}"
    is_held = made_by(con, "pairs") == maker
    if not is_held:
        _take_from_state(con, model)
    with scratch_database(con) as scratch:
        register_pseudonym(scratch.con, ctx.key)
        fresh = _find_fresh(scratch, is_held=is_held)
        compared = _write_candidates(scratch, ctx, is_held=is_held, fresh=fresh)
        prepare_compared(scratch, model, _COMPARED)
        scored = _scored(scratch, model, ctx)
        _take_over(scratch, scored, model, ctx.knobs.publish_probability)
    keep_made_by(con, "pairs", maker)
    nodes, pairs, published, overfull = con.execute(
        "select (select count(*) from identity.scored_nodes), count(*), count(*) filter (where match_probability >= ?), "
        "(select count(*) from identity.overfull_blocks) from identity.pairs",
        [ctx.knobs.publish_probability],
    ).fetchall()[0]
    return StepSummary(
        "score_pairs",
        {
            "nodes": nodes, "nodes_scored": fresh, "pairs_compared": compared, "pairs_kept": pairs,
            "pairs_above_threshold": published, "model": model.version, "blocks_too_large": overfull,
        },
    )  # fmt: skip


def _take_from_state(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Have the three tables hold what state keeps of the model. They say of no maker until they are brought up to date."""
    with at_once(con):
        for table, columns in _KEPT.items():
            con.execute(
                f"create or replace table identity.{table} as select {columns} from state.identity_{table} "
                f"where model_version = {literal(model.version)}"
            )
        forget(con, "clusters")


def _find_fresh(scratch: Scratch, *, is_held: bool) -> int:
    """Scratch tables here (node_key, node_no, is_shared: by several records) and known (node_key, is_twin), nodes that are and nodes that
    are scored, of those that changed (all where the kept tables are not this warehouse's own); fresh (node_no), of here and not known; and
    twins (node_no), shared ones whose weight against themselves is not known. Returns how many are fresh; where that is most, nothing
    kept counts."""
    con, home = scratch.con, f"{scratch.home}.identity"
    begin(con, "unscored", home)
    among = f"semi join (select distinct node_key from {home}.unscored) using (node_key)" if is_held else ""
    con.execute(f"create or replace table known as select node_key, is_twin from {home}.scored_nodes {among}")
    con.execute(
        f"""
        create or replace table here as
        select evidence.node_key, evidence.node_no, bearers.record_count > 1 as is_shared
        from (select node_key, rowid as node_no from {home}.node_evidence {among}) as evidence
        join (select node_key, count(*) as record_count from {home}.nodes {among} group by node_key) as bearers using (node_key)
        """
    )
    con.execute("create or replace table fresh as select node_no from here anti join known using (node_key)")
    con.execute(
        "create or replace table twins as select node_no from (from here where is_shared) "
        "anti join (from known where is_twin) as kept using (node_key)"
    )
    nodes, fresh = con.execute(
        f"select (select count(*) from {home}.node_evidence), (select count(*) from fresh)"
    ).fetchall()[0]
    if nodes > fresh > nodes / 2:
        with at_once(con):
            for table in _KEPT:
                con.execute(f"delete from {home}.{table}")
            forget(con, "clusters", schema=home)
        return _find_fresh(scratch, is_held=False)
    return int(fresh)


def _write_candidates(scratch: Scratch, ctx: IdentityContext, *, is_held: bool, fresh: int) -> int:
    """Scratch tables candidates, overfull and rejudged; returns how many pairs are to be compared."""
    con, home = scratch.con, scratch.home
    nodes = con.execute(f"select count(*) from {home}.identity.node_evidence").fetchall()[0][0]
    is_part = is_held and fresh < nodes
    if is_part:
        blocking.write_touched(scratch, "fresh")
    blocking.write_blocks(scratch, ctx, "touched" if is_part else None)
    blocking.write_flipped(scratch)
    blocking.write_rejudged(scratch)
    blocking.write_candidates(scratch, fresh="fresh" if fresh < nodes else None)
    con.execute(
        f"""
        insert into candidates
        select {blocking.rule_name("rule")}, node_no_l, node_no_r from (from rejudged where rule is not null)
        anti join {home}.identity.pairs using (node_key_l, node_key_r)
        """
    )
    return int(con.execute("select count(*) from candidates").fetchall()[0][0])


def _scored(scratch: Scratch, model: Model, ctx: IdentityContext) -> str:
    """The scratch table of scored pairs, weighed by Spark where the run has a session."""
    if ctx.spark is not None:
        return predict_on_spark(ctx.spark, scratch, model, _PAIRS, KEPT_PROBABILITY)
    scored: str = predict(make_linker(scratch, model), _PAIRS, KEPT_PROBABILITY).physical_name
    return scored


def _take_over(scratch: Scratch, scored: str, model: Model, publish: float) -> None:
    """Bring the three tables up to identity.node_evidence, all at once, and note the nodes that gained or lost an edge."""
    _write_weighed(scratch, scored, model)
    home = f"{scratch.home}.identity"
    with at_once(scratch.con):
        note(
            scratch.con,
            "unclustered",
            f"""
            select distinct null, node_key from (
                select unnest([node_key_l, node_key_r]) as node_key
                from (from new_pairs union all from lost_pairs) where match_probability >= {publish}
                union all from outdated
            )
            """,
            home,
        )
        for statement in (
            f"delete from {home}.pairs as pairs using lost_pairs as lost "
            "where pairs.node_key_l = lost.node_key_l and pairs.node_key_r = lost.node_key_r",
            f"update {home}.pairs as pairs set match_key = {blocking.rule_name('rejudged.rule')} from rejudged "
            "where pairs.node_key_l = rejudged.node_key_l and pairs.node_key_r = rejudged.node_key_r",
            f"insert into {home}.pairs from new_pairs",
            f"delete from {home}.scored_nodes where node_key in (from outdated)",
            f"insert into {home}.scored_nodes select node_key, match_weight, {literal(model.version)}, is_shared from here "
            "left join new_twins using (node_key) anti join (from known anti join outdated using (node_key)) as kept using (node_key)",
            f"delete from {home}.overfull_blocks",
            f"insert into {home}.overfull_blocks {blocking.overfull_rows(model.version)}",
        ):  # fmt: skip
            scratch.con.execute(statement)
        strike(scratch.con, "unscored", home)


def _write_weighed(scratch: Scratch, scored: str, model: Model) -> None:
    """Scratch tables new_pairs, new_twins (node_key, match_weight: null below 0.05), gone (node_key: scored nodes that are no more),
    lost_pairs (kept pairs of theirs, and those that are compared no longer) and outdated (node_key: gone, or no longer as it was when it
    was weighed against itself)."""
    con, home = scratch.con, f"{scratch.home}.identity"
    con.execute(
        f"""
        create or replace table new_pairs as
        select
            least(l.node_key, r.node_key) as node_key_l, greatest(l.node_key, r.node_key) as node_key_r,
            scored.match_weight, scored.match_probability, scored.match_key, {literal(model.version)} as model_version,
        from {scored} as scored
        join {home}.node_evidence as l on l.rowid = scored.node_no_l
        join {home}.node_evidence as r on r.rowid = scored.node_no_r
        where scored.node_no_l <> scored.node_no_r
        """
    )
    con.execute(
        f"""
        create or replace table new_twins as
        select here.node_key, weighed.match_weight
        from twins
        join here using (node_no)
        left join (from {scored} where node_no_l = node_no_r) as weighed on weighed.node_no_l = twins.node_no
        """
    )
    con.execute("create or replace table gone as select node_key from known anti join here using (node_key)")
    con.execute(
        "create or replace table outdated as from gone union select node_key from new_twins "
        "union select node_key from known join here using (node_key) where is_twin and not is_shared"
    )
    con.execute(
        f"""
        create or replace table lost_pairs as
        from {home}.pairs semi join gone on gone.node_key = node_key_l
        union from {home}.pairs semi join gone on gone.node_key = node_key_r
        union from {home}.pairs semi join (from rejudged where rule is null) using (node_key_l, node_key_r)
        """
    )
