"""Which pairs of nodes are compared: those that share a key of a blocking rule, in a block that is not too large.

The rules are named by meaning in comparisons.BLOCKING; weighing the pairs belongs to pairs.
"""

from __future__ import annotations

from cdp_assets.identity.context import IdentityContext
from cdp_assets.identity.scoring.comparisons import BLOCKING
from cdp_assets.identity.scoring.scratch import Scratch

RULES = tuple(BLOCKING)
# SQL over evidence: a node's block under each rule, in the order of RULES (null: in none)
BLOCKS_OF_NODE = (
    f"[{', '.join(f'case when {key} is not null then hash({key}) end' for key in BLOCKING.values())}]"
)


def write_blocks(scratch: Scratch, ctx: IdentityContext) -> None:
    """Scratch tables blocks (rule, block, node_no) and overfull (rule, block, node_count) from identity.node_evidence.

    blocks: one row per node and rule whose key another node has too, without the blocks of more nodes than the limit, so that a
    rule yields at most (limit - 1) / 2 pairs per node. rule: place in RULES. node_no: the node's row in node_evidence.
    """
    con = scratch.con
    con.execute(
        f"""
        create or replace table keyed as
        select * from (
            select unnest(range({len(RULES)}))::utinyint as rule, unnest(blocks) as block, rowid as node_no
            from {scratch.home}.identity.node_evidence
        ) where block is not null
        """
    )
    con.execute(
        "create or replace table sizes as select rule, block, count(*) as node_count from keyed group by rule, block "
        "having count(*) > 1"
    )
    con.execute(
        f"create or replace table overfull as select * from sizes where node_count > {ctx.knobs.max_block_nodes}"
    )
    con.execute(
        "create or replace table blocks as select keyed.* from keyed semi join "
        f"(from sizes where node_count <= {ctx.knobs.max_block_nodes}) as live using (rule, block)"
    )
    con.execute(
        "create or replace table crowded as select distinct node_no from keyed semi join overfull using (rule, block)"
    )
    con.execute("drop table keyed; drop table sizes")


def keep_overfull(scratch: Scratch, model_version: str) -> int:
    """identity.overfull_blocks: one row per block that was too large; returns how many."""
    table = f"{scratch.home}.identity.overfull_blocks"
    scratch.con.execute(
        f"create or replace table {table} as select {rule_name('rule')} as blocking_rule, {_block_key('block')} as block_key, "
        f"node_count, '{model_version}' as model_version from overfull order by blocking_rule, block_key"
    )
    return int(scratch.con.execute(f"select count(*) from {table}").fetchall()[0][0])


def write_reopened(scratch: Scratch, model_version: str) -> None:
    """Scratch table reopened (node_no): nodes of blocks that were too large when last scored, and are not now."""
    con = scratch.con
    con.execute(
        f"""
        create or replace table once_overfull as
        select blocking_rule, block_key from state.identity_overfull_blocks where model_version = '{model_version}'
        except select blocking_rule, block_key from {scratch.home}.identity.overfull_blocks
        """
    )
    any_of_them = con.execute("select count(*) from once_overfull").fetchall()[0][0] > 0
    con.execute(
        f"""
        create or replace table reopened as
        select distinct node_no from blocks
        semi join once_overfull on blocking_rule = {rule_name("rule")} and block_key = {_block_key("block")}
        where {any_of_them}
        """
    )


def write_candidates(scratch: Scratch, *, fresh: str | None = None) -> int:
    """Scratch table candidates: each pair of nodes that share a block, once, as Splink wants it; returns how many.

    match_key: the first rule that finds the pair, join_key_l < join_key_r. With `fresh` (a table of node_no) only pairs that one of these
    belongs to.
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
        f"create or replace table candidates as select {rule_name('min(rule)')} as match_key, join_key_l, join_key_r "
        f"from ({found}) group by join_key_l, join_key_r"
    )
    return int(con.execute("select count(*) from candidates").fetchall()[0][0])


def rule_name(number: str) -> str:
    """SQL: the name of a rule from its number."""
    return f"[{', '.join(repr(rule) for rule in RULES)}][{number} + 1]"


def _block_key(block: str) -> str:
    return f"pseudonym('block' || chr(31) || {block})"
