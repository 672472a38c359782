"""Which pairs of nodes are compared: those that share a key of a blocking rule, in a block that is not too large.

The rules are named by meaning in comparisons.BLOCKING; weighing the pairs belongs to pairs.
"""

from __future__ import annotations

from cdp_assets.identity.context import IdentityContext
from cdp_assets.identity.scoring.comparisons import BLOCKING
from cdp_assets.identity.scoring.scratch import Scratch
from cdp_assets.sql_text import from_file

RULES = tuple(BLOCKING)
# SQL over evidence: a node's block under each rule, in the order of RULES (null: in none)
BLOCKS_OF_NODE = (
    f"[{', '.join(f'case when {key} is not null then hash({key}) end' for key in BLOCKING.values())}]"
)


def write_blocks(scratch: Scratch, ctx: IdentityContext, touched: str | None = None) -> None:
    """Scratch tables blocks (rule, block, node_no) and overfull (rule, block, node_count) from identity.node_evidence.

    blocks: one row per node and rule whose key another node has too, without the blocks of more nodes than the limit, so that a
    rule yields at most (limit - 1) / 2 pairs per node. rule: place in RULES. node_no: the node's row in node_evidence. With `touched`
    (a table of rule, block) only those blocks are looked at. View keyed: all rows that are, before anything is counted.
    """
    con = scratch.con
    rows = _rows_of_blocks(scratch, "true")
    if touched:
        # by the block alone first: one key is probed four times faster than two, and hardly two rules have a block in common
        con.execute(
            f"create or replace table touched_rows as from ({rows}) semi join (select distinct block from {touched}) using (block)"
        )
        rows = f"from touched_rows semi join {touched} using (rule, block)"
    con.execute(f"create or replace view keyed as {rows}")
    con.execute(
        "create or replace table sizes as select rule, block, count(*) as node_count from keyed "
        "group by rule, block having count(*) > 1"
    )
    con.execute(
        f"create or replace table overfull as select * from sizes where node_count > {ctx.knobs.max_block_nodes}"
    )
    con.execute(
        "create or replace table blocks as select keyed.* from keyed semi join "
        f"(from sizes where node_count <= {ctx.knobs.max_block_nodes}) as live using (rule, block)"
    )
    con.execute("drop table sizes")


def write_touched(scratch: Scratch, fresh: str) -> None:
    """Scratch table touched (rule, block): blocks that a fresh node is in, and those that were too large when last counted.

    All others have lost nodes at most, and were small enough before.
    """
    scratch.con.execute(
        f"""
        create or replace table touched as
        select rule, block from ({_rows_of_blocks(scratch, f"rowid in (from {fresh})")})
        union
        select {_rule_number("blocking_rule")}, block from {scratch.home}.identity.overfull_blocks
        """
    )


def _rows_of_blocks(scratch: Scratch, condition: str) -> str:
    """SQL: one row (rule, block, node_no) per block of each node that the condition holds for."""
    return (
        f"select * from (select unnest(range({len(RULES)}))::utinyint as rule, unnest(blocks) as block, rowid as node_no "
        f"from {scratch.home}.identity.node_evidence where {condition}) where block is not null"
    )


def write_flipped(scratch: Scratch) -> None:
    """Scratch tables closed and reopened (rule, block): blocks that are too large now and were not when identity.overfull_blocks was
    written, and the other way round. Nothing is closed to a warehouse without pairs."""
    con = scratch.con
    known = f"{scratch.home}.identity.overfull_blocks"
    con.execute(
        f"create or replace table closed as select rule, block from overfull anti join {known} as known "
        f"on known.blocking_rule = {rule_name('rule')} and known.block_key = {_block_key('overfull.block')} "
        f"where exists (from {scratch.home}.identity.pairs)"
    )
    con.execute(
        f"create or replace table once_overfull as select blocking_rule, block_key from {known} "
        f"except select {rule_name('rule')}, {_block_key('block')} from overfull"
    )
    any_of_them = con.execute("select count(*) from once_overfull").fetchall()[0][0] > 0
    con.execute(
        f"""
        create or replace table reopened as
        select rule, block from (select distinct rule, block from blocks where {any_of_them}) as live
        semi join once_overfull on blocking_rule = {rule_name("rule")} and block_key = {_block_key("block")}
        """
    )


def write_rejudged(scratch: Scratch) -> None:
    """Scratch table rejudged: pairs of nodes, none of them fresh, that share a flipped block, each with the first rule that finds it now
    (null: none, so that it is compared no longer). Of blocks that closed, only kept pairs count.

    In: scratch tables fresh, closed, reopened, identity.pairs. Columns node_key_l, node_key_r, node_no_l, node_no_r, rule.
    """
    flipped = scratch.con.execute(
        "select (select count(*) from closed) + (select count(*) from reopened)"
    ).fetchall()[0][0]
    scratch.con.execute(
        from_file(__name__, "rejudged", home=scratch.home, rules=len(RULES))
        if flipped
        else "create or replace table rejudged (node_key_l varchar, node_key_r varchar, node_no_l bigint, node_no_r bigint, rule utinyint)"
    )


def overfull_rows(model_version: str) -> str:
    """SQL: the rows of identity.overfull_blocks, one per block of scratch table overfull."""
    return (
        f"select {rule_name('rule')} as blocking_rule, {_block_key('block')} as block_key, node_count, "
        f"'{model_version}' as model_version, block from overfull order by blocking_rule, block_key"
    )


def write_candidates(scratch: Scratch, *, fresh: str | None = None, with_rules: bool = False) -> int:
    """Scratch table candidates: each pair of nodes that share a block, once, as Splink wants it; returns how many.

    match_key: the first rule that finds the pair, join_key_l < join_key_r. With `fresh` (a table of node_no) only pairs that one of these
    belongs to. with_rules: column rules holds every rule that finds the pair, as bits.
    """
    con = scratch.con
    if fresh is None:
        found = (
            "select l.node_no as join_key_l, r.node_no as join_key_r, l.rule from blocks as l "
            "join blocks as r using (rule, block) where l.node_no < r.node_no"
        )
    else:
        found = (
            "select least(l.node_no, r.node_no) as join_key_l, greatest(l.node_no, r.node_no) as join_key_r, l.rule "
            f"from (from blocks semi join {fresh} using (node_no)) as l "
            "join blocks as r using (rule, block) where l.node_no <> r.node_no"
        )
    con.execute(
        f"create or replace table candidates as select {rule_name('min(rule)')} as match_key, join_key_l, join_key_r"
        f"{', bit_or(1::ubigint << rule) as rules' if with_rules else ''} "
        f"from ({found}) group by join_key_l, join_key_r"
    )
    return int(con.execute("select count(*) from candidates").fetchall()[0][0])


def rule_name(number: str) -> str:
    """SQL: the name of a rule from its number."""
    return f"[{', '.join(repr(rule) for rule in RULES)}][{number} + 1]"


def _rule_number(name: str) -> str:
    return f"list_position([{', '.join(repr(rule) for rule in RULES)}], {name}) - 1"


def _block_key(block: str) -> str:
    return f"pseudonym('block' || chr(31) || {block})"
