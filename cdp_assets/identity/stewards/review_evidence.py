"""What speaks for and against each pair of the review queue: Splink's waterfall as data, all pairs in one scoring."""

from __future__ import annotations

import duckdb

from cdp_assets.identity.context import IdentityContext
from cdp_assets.identity.scoring.inputs import make_linker, predict, prepare_compared
from cdp_assets.identity.scoring.model import Model, current_model_read_only
from cdp_assets.identity.scoring.scratch import Scratch, scratch_database
from cdp_assets.identity.scoring.waterfall import starting_bits, waterfall_sql
from cdp_assets.keys import register_pseudonym

SHOWN = 1000  # pairs, the most worthwhile; a steward who rules on these has a new queue the next day
START = "start"  # stands for how rarely two records are one person, before any evidence

_EMPTY = """
    create or replace table identity.review_evidence (
        record_key_l varchar, record_key_r varchar, comparison varchar, finding varchar, bits double, term_bits double)
"""


def weigh_review_queue(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> int:
    """Make identity.review_evidence from identity.review_queue; returns how many pairs were weighed.

    One row per queued pair (the first thousand) and piece of evidence that is known on both sides: comparison, finding (the level
    in words), bits (log2 of how many times likelier it is for one person than for two; negative speaks against), term_bits (the
    part of bits that is due to how common the value is). The bits of a pair, its start included, sum to its match weight.
    """
    con.execute(_EMPTY)
    queued = con.execute("select count(*) from identity.review_queue").fetchall()[0][0]
    if queued == 0:
        return 0
    model = current_model_read_only(con, ctx)
    with scratch_database(con) as scratch:
        register_pseudonym(scratch.con, ctx.key)
        weighed = _weigh(scratch, model)
        scratch.con.execute(
            f"""
            insert into {scratch.home}.identity.review_evidence
            with evidence as (
                from ({waterfall_sql(weighed)}) where bits <> 0
                union all
                select node_no_l, node_no_r, '{START}', 'before any evidence', {starting_bits(model)}, 0.0 from {weighed}
            )
            select record_key_l, record_key_r, comparison, finding, bits, term_bits
            from evidence join queued using (node_no_l, node_no_r)
            order by pair_no, bits desc, comparison
            """
        )
    return min(int(queued), SHOWN)


def _weigh(scratch: Scratch, model: Model) -> str:
    """Table queued (pair_no, record keys, node_no_l, node_no_r), scored; returns the name of the table of its weights."""
    con, home = scratch.con, scratch.home
    con.execute(
        f"""
        create or replace table queued as
        select queue.rank as pair_no, record_key_l, record_key_r, el.rowid as node_no_l, er.rowid as node_no_r
        from {home}.identity.review_queue as queue
        join {home}.identity.nodes as l on l.record_key = queue.record_key_l
        join {home}.identity.nodes as r on r.record_key = queue.record_key_r
        join {home}.identity.node_evidence as el on el.node_key = l.node_key
        join {home}.identity.node_evidence as er on er.node_key = r.node_key
        where queue.rank <= {SHOWN}
        """
    )
    prepare_compared(scratch, model, "select node_no_l from queued union select node_no_r from queued")
    linker = make_linker(scratch, model, with_details=True)
    pairs = (
        "(select distinct 'queue' as match_key, node_no_l as join_key_l, node_no_r as join_key_r from queued)"
    )
    return str(predict(linker, pairs).physical_name)
