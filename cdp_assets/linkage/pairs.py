"""Step 4: Splink scores the pairs of nodes that share a blocking key; kept scores are used again.

A night scores new and changed nodes among themselves and against the rest. Under one model that equals scoring all.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from splink import DuckDBAPI, Linker

from cdp_assets.keys import register_pseudonym
from cdp_assets.linkage.comparisons import BLOCKING, TERM_COLUMNS
from cdp_assets.linkage.context import LinkageContext, StepSummary
from cdp_assets.linkage.model import (
    Model,
    current_model,
    frozen_terms_sql,
    splink_settings,
    term_table_sql,
)
from cdp_assets.linkage.scratch import Scratch, scratch_database

_RULES = list(BLOCKING)
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
        prepare_compared(scratch, model)
        block_counts = write_blocks(scratch, ctx, model)
        night = _choose_fresh(scratch, model)
        linker = make_linker(scratch, model)
        _predict(scratch, linker, night)
        _write_self_weights(scratch, linker, model, night)
        _write_pairs(con, scratch, model, night)
    pairs, published = con.execute(
        "select count(*), count(*) filter (where match_probability >= ?) from identity.pairs",
        [ctx.knobs.publish_probability],
    ).fetchall()[0]
    nodes = con.execute("select count(*) from identity.scored_nodes").fetchall()[0][0]
    counts: dict[str, float | str] = {
        "nodes": nodes, "nodes_scored": night.fresh_count, "pairs_kept": pairs, "pairs_above_threshold": published,
        "model": model.version,
    }  # fmt: skip
    return StepSummary("score_pairs", counts | block_counts)


def prepare_compared(scratch: Scratch, model: Model, where: str = "true") -> None:
    """Table compared in the scratch database: the nodes with a number, their evidence and what is derived from it."""
    scratch.con.execute(
        f"""
        create or replace table known_names as
        select names.given_key
        from (select distinct given_key from {scratch.home}.identity.node_evidence where given_key is not null) as names
        semi join (select term_key from {frozen_terms_sql(model, scratch.home)} where column_name = 'known_given') as known
            on known.term_key = pseudonym('term' || chr(31) || names.given_key)
        """
    )
    scratch.con.execute(
        f"""
        create or replace table compared as
        select
            row_number() over (order by node_key)::bigint as node_no,
            evidence.*,
            regexp_replace(email_user, '[^0-9]', '', 'g') as email_digits,
            array_to_string(list_sort(string_split(evidence.given_key, '')), '') as given_letters,
            known_names.given_key is not null as is_given_known,
            given_canon as given_term,
            family_key as family_term,
        from {scratch.home}.identity.node_evidence as evidence
        left join known_names on known_names.given_key = evidence.given_key
        where {where}
        """
    )


def write_blocks(
    scratch: Scratch, ctx: LinkageContext, model: Model, *, is_kept: bool = True
) -> dict[str, float | str]:
    """Add block_<n> to compared; blocks of more nodes than the limit are left out, and listed in identity.overfull_blocks (is_kept)."""
    con, home = scratch.con, scratch.home
    overfull = f"{home}.identity.overfull_blocks" if is_kept else "overfull_blocks"
    con.execute(
        f"create or replace table {overfull} "
        "(blocking_rule varchar, block_key varchar, node_count bigint, model_version varchar)"
    )
    keys = ", ".join(
        f"case when ({BLOCKING[rule]}) is not null then hash({BLOCKING[rule]}) end as block_{n}"
        for n, rule in enumerate(_RULES)
    )
    con.execute(f"create or replace table keyed as select *, {keys} from compared")
    columns = []
    for number, rule in enumerate(_RULES):
        block = f"block_{number}"
        large = con.execute(
            f"select {block}, count(*) from keyed where {block} is not null group by {block} "
            f"having count(*) > {ctx.knobs.max_block_nodes} order by 1"
        ).fetchall()
        if large:
            con.execute(
                f"insert into {overfull} select '{rule}', pseudonym('block' || chr(31) || b), n, '{model.version}' "
                "from (select unnest($b::ubigint[]) as b, unnest($n::bigint[]) as n)",
                {"b": [key for key, _ in large], "n": [count for _, count in large]},
            )
            listed = ", ".join(str(key) for key, _ in large)
            columns.append(f"case when {block} not in ({listed}) then {block} end as {block}")
    replaced = f"replace ({', '.join(columns)})" if columns else ""
    con.execute(f"create or replace table compared as select * {replaced} from keyed")
    con.execute("drop table keyed")
    return {"blocks_too_large": con.execute(f"select count(*) from {overfull}").fetchall()[0][0]}


def _choose_fresh(scratch: Scratch, model: Model) -> _Night:
    """Nodes without kept scores, and nodes of blocks that were too large when last scored and are not now."""
    con, home = scratch.con, scratch.home
    reopened = " union ".join(
        f"select node_no from compared join old_overfull on blocking_rule = '{rule}' "
        f"and block_key = pseudonym('block' || chr(31) || block_{number})"
        for number, rule in enumerate(_RULES)
    )
    con.execute(
        f"""
        create or replace table old_overfull as
        select blocking_rule, block_key from state.identity_overfull_blocks where model_version = '{model.version}'
        except select blocking_rule, block_key from {home}.identity.overfull_blocks
        """
    )
    any_reopened = con.execute("select count(*) from old_overfull").fetchall()[0][0] > 0
    con.execute(
        f"""
        create or replace table fresh as
        select compared.node_no
        from compared
        anti join (
            select node_key from state.identity_scored_nodes where model_version = '{model.version}'
        ) as known on known.node_key = compared.node_key
        {"union " + reopened if any_reopened else ""}
        """
    )
    nodes, fresh = con.execute(
        "select (select count(*) from compared), (select count(*) from fresh)"
    ).fetchall()[0]
    if fresh * 2 > nodes:
        con.execute("create or replace table fresh as select node_no from compared")
        return _Night(True, nodes)
    return _Night(False, fresh)


def make_linker(
    scratch: Scratch, model: Model, *, with_details: bool = False, with_values: bool = False
) -> Linker:
    """A linker over table compared with the model's parameters and frozen term frequencies."""
    api = DuckDBAPI(scratch.con)
    rules = [f"l.block_{number} = r.block_{number}" for number in range(len(_RULES))]
    linker = Linker(
        api.register("compared"), splink_settings(model, rules, with_details=with_details, with_values=with_values),
        log_level=None, validate_settings=False,
    )  # fmt: skip
    queries = term_table_sql(model, scratch.home)
    for column in TERM_COLUMNS:
        scratch.con.execute(f"create or replace table term_{column} as {queries[column]}")
        linker.table_management.register_term_frequency_lookup(api.register(f"term_{column}"), column)
    return linker


def _predict(scratch: Scratch, linker: Linker, night: _Night) -> None:
    """Table scored (node_no_l, node_no_r, match_weight, match_probability, match_key): fresh nodes within and against the rest."""
    con = scratch.con
    con.execute(
        "create or replace table scored (node_no_l bigint, node_no_r bigint, match_weight double, "
        "match_probability double, match_key varchar)"
    )
    if night.fresh_count == 0:
        return
    api = linker._db_api
    con.execute(
        "create or replace table fresh_nodes as select compared.* from compared semi join fresh using (node_no)"
    )
    within = linker.inference.predict_within(
        api.register("fresh_nodes"), threshold_match_probability=_KEPT_PROBABILITY, warning_mode="never"
    )
    insert = "insert into scored select node_no_l, node_no_r, match_weight, match_probability, match_key::varchar from {0}"
    con.execute(insert.format(within.physical_name))
    within.drop_table_from_database_and_remove_from_cache()
    if not night.is_full:
        con.execute(
            "create or replace table rest_nodes as select compared.* from compared anti join fresh using (node_no)"
        )
        between = linker.inference.predict_between(
            api.register("rest_nodes"), api.register("fresh_nodes"),
            threshold_match_probability=_KEPT_PROBABILITY, warning_mode="never",
        )  # fmt: skip
        con.execute(insert.format(between.physical_name))
        between.drop_table_from_database_and_remove_from_cache()
        con.execute("drop table rest_nodes")
    con.execute("drop table fresh_nodes")


def _write_self_weights(scratch: Scratch, linker: Linker, model: Model, night: _Night) -> None:
    """identity.scored_nodes: kept self weights of known nodes, Splink's of the fresh ones that stand for several records."""
    con, home = scratch.con, scratch.home
    con.execute(
        f"""
        create or replace table {home}.identity.scored_nodes as
        select compared.node_key, kept.self_weight, '{model.version}' as model_version
        from compared
        left join state.identity_scored_nodes as kept
            on kept.node_key = compared.node_key and kept.model_version = '{model.version}'
        order by compared.node_key
        """
    )
    wanted = f"compared.record_count > 1 and node_key in (select node_key from {home}.identity.scored_nodes where self_weight is null)"
    con.execute(f"create or replace table twin_left as select * from compared where {wanted}")
    if con.execute("select count(*) from twin_left").fetchall()[0][0] == 0:
        con.execute("drop table twin_left")
        return
    con.execute("create or replace table twin_right as from twin_left")
    api = linker._db_api
    twins = linker.inference.predict_between(
        api.register("twin_left"), api.register("twin_right"),
        blocking_rules_to_generate_predictions=["l.node_no = r.node_no"], warning_mode="never",
    )  # fmt: skip
    con.execute(
        f"""
        update {home}.identity.scored_nodes as s
        set self_weight = t.match_weight
        from {twins.physical_name} as t
        join compared on compared.node_no = t.node_no_l
        where s.node_key = compared.node_key
        """
    )
    twins.drop_table_from_database_and_remove_from_cache()
    con.execute("drop table twin_left; drop table twin_right")


def _write_pairs(con: duckdb.DuckDBPyConnection, scratch: Scratch, model: Model, night: _Night) -> None:
    """identity.pairs: kept pairs that still share a block, and the new ones, left below right."""
    names = " ".join(f"when '{number}' then '{rule}'" for number, rule in enumerate(_RULES))
    shares_block = " or ".join(f"l.block_{number} = r.block_{number}" for number in range(len(_RULES)))
    kept = (
        ""
        if night.is_full
        else f"""
        union all
        select
            k.node_key_l, k.node_key_r, k.match_weight, k.match_probability, k.match_key, k.model_version,
        from state.identity_pairs as k
        join compared as l on l.node_key = k.node_key_l
        join compared as r on r.node_key = k.node_key_r
        where k.model_version = '{model.version}'
          and l.node_no not in (select node_no from fresh) and r.node_no not in (select node_no from fresh)
          and ({shares_block})
        """
    )
    scratch.con.execute(
        f"""
        create or replace table {scratch.home}.identity.pairs as
        with new_pairs as (
            select
                least(l.node_key, r.node_key) as node_key_l,
                greatest(l.node_key, r.node_key) as node_key_r,
                scored.match_weight,
                scored.match_probability,
                case scored.match_key {names} end as match_key,
                '{model.version}' as model_version,
            from scored
            join compared as l on l.node_no = scored.node_no_l
            join compared as r on r.node_no = scored.node_no_r
        )
        select * from new_pairs
        {kept}
        order by node_key_l, node_key_r
        """
    )
