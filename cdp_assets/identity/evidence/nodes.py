"""Step 3: nodes. Records with identical evidence share a node, so that Splink scores each distinct node once.

A record that is as it was when this warehouse was last built, and judged as it was, keeps its node. Which pairs of nodes match does
not belong here: see pairs.
"""

from __future__ import annotations

from functools import cache

import duckdb

from cdp_assets.identity import cached_tables, changes
from cdp_assets.identity.context import IDENTITY_DIR, IdentityContext, StepSummary
from cdp_assets.identity.scoring import blocking
from cdp_assets.keys import register_pseudonym
from cdp_assets.sql_text import from_file

# What a node is made of; guard attributes (is_phone_shared, is_email_shared, is_street_shared) included, so that a changed guard makes a new node.
EVIDENCE = (
    "name_exact", "name_sound", "given_key", "family_key", "given_canon", "given_han", "family_han", "is_pinyin", "name_generation", "name_words",
    "phone", "phone_head", "phone_tail", "is_phone_shared", "email", "email_user", "email_domain", "is_email_shared",
    "birth_key", "gender_key", "national_id", "street_words", "street_key", "street_number", "is_street_shared", "city_key", "region_key",
    "postcode_key", "country_key",
)  # fmt: skip
_MEANINGFUL = ("name_sound", "phone", "email", "birth_key", "national_id", "street_key", "phone_tail")
# What is left out where the guards refuse it.
_REFUSED = {
    "name": (
        "name_exact",
        "name_sound",
        "given_key",
        "family_key",
        "given_canon",
        "given_han",
        "family_han",
        "name_generation",
        "name_words",
    ),
    "phone": ("phone", "phone_head", "phone_tail"),
    "email": ("email", "email_user", "email_domain"),
    "birth_date": ("birth_key",),
    "national_id": ("national_id",),
    "street": ("street_words", "street_key", "street_number"),
}


def build_nodes(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make identity.node_evidence and identity.nodes from identity.records and identity.identifiers.

    node_evidence: one row per node_key with the evidence columns and blocks, its block under each blocking rule. nodes: one row per
    record_key with its node_key, judged_hash (of the record and of what guards and rulings say of it) and is_ruled (rulings name it). Records without evidence have a
    node of their own; those of which rulings say the same share one (two that a ruling names together never do: each is told of the other).
    """
    register_pseudonym(con, ctx.key)
    records_made_by = cached_tables.made_by(con, "records")
    maker = f"{records_made_by} {_rules()}"
    is_held = records_made_by is not None and cached_tables.made_by(con, "nodes") == maker
    _judge_records(con, is_held=is_held)
    _read_fresh(con, is_held=is_held)
    with cached_tables.at_once(con):
        if is_held:
            _replace_fresh(con)
        else:
            con.execute(f"create or replace table identity.nodes as {_FRESH_NODES}")
            con.execute(f"create or replace table identity.node_evidence as {_FRESH_EVIDENCE}")
            cached_tables.keep_made_by(con, "nodes", maker)
            cached_tables.forget(con, "pairs", "clusters")
        changes.strike(con, "unjudged")
    read = con.execute("select count(*) from fresh").fetchall()[0][0]
    con.execute("drop table temp.to_judge; drop table temp.judged; drop table temp.fresh")
    records, nodes = con.execute(
        "select (select count(*) from identity.nodes), (select count(*) from identity.node_evidence)"
    ).fetchall()[0]
    return StepSummary(
        "build_nodes", {"records": records, "read": read, "nodes": nodes, "evidence_columns": len(EVIDENCE)}
    )


@cache
def _rules() -> str:
    """Digest of what decides which node a record has, beside the record."""
    code = ["evidence/nodes.py", "evidence/judged.sql", "scoring/blocking.py", "scoring/comparisons.py"]
    return cached_tables.digest_of([IDENTITY_DIR / name for name in code], ["duckdb"])


def _judge_records(con: duckdb.DuckDBPyConnection, *, is_held: bool) -> None:
    """Temp tables to_judge (record_key) and judged: one row per record of those with what guards and rulings say of it, and judged_hash over
    that and the record. To judge are all, or records and values that changed, and those of which rulings speak, or spoke."""
    refused = ", ".join(f"is_{kind}_refused" for kind in _REFUSED)
    changes.begin(con, "unjudged")
    waiting = """
        from identity.unjudged
        union select record_key from identity.nodes where is_ruled
        union select unnest([record_key_l, record_key_r]) from state.rulings where not is_undone
    """
    con.execute(
        f"create or replace temp table to_judge as {waiting if is_held else 'select record_key from identity.records'}"
    )
    con.execute(from_file(__name__, "judged", refused=refused))


def _read_fresh(con: duckdb.DuckDBPyConnection, *, is_held: bool) -> None:
    """Temp table fresh: records that identity.nodes does not hold as they are judged, with their evidence and node_key."""
    refused_by = {column: kind for kind, columns in _REFUSED.items() for column in columns}
    columns = ", ".join(
        f"case when not is_{refused_by[column]}_refused then {column} end as {column}"
        if column in refused_by
        else column
        for column in EVIDENCE
        if column != "is_pinyin"
    )
    held = "anti join identity.nodes using (record_key, judged_hash)" if is_held else ""
    texts = ", ".join(f"coalesce(cast({column} as varchar), '')" for column in EVIDENCE)
    empty = " and ".join(f"{column} is null" for column in _MEANINGFUL)
    con.execute(
        f"""
        create or replace temp table fresh as
        with guarded as (
            select record_key, judged_hash, ruled_with, {columns}, is_pinyin and not is_name_refused as is_pinyin,
            from (from judged {held})
            join identity.records using (record_key)
        )
        select
            *,
            case when {empty}
                then pseudonym('solo' || chr(31) || record_key)
                else pseudonym('node' || chr(31) || concat_ws(chr(31), {texts}, ruled_with)) end as node_key,
        from guarded
        """
    )


_FRESH_NODES = "select record_key, node_key, judged_hash, ruled_with is not null as is_ruled from fresh"
# The evidence of a node's records is the same: any of them stands for it.
_FRESH_EVIDENCE = f"""
    select node_key, {", ".join(EVIDENCE)}, {blocking.BLOCKS_OF_NODE} as blocks
    from fresh
    join (select min(record_key) as record_key from fresh group by node_key) using (record_key)
"""


def _replace_fresh(con: duckdb.DuckDBPyConnection) -> None:
    """Take what is gone or judged otherwise out of both tables, and put in what is fresh."""
    outdated = (
        "select record_key, node_key from identity.nodes semi join to_judge using (record_key) "
        "anti join judged using (record_key, judged_hash)"
    )
    con.execute(f"create or replace temp table outdated as {outdated}")
    changes.note(con, "unscored", "select node_key from outdated union select node_key from fresh")
    changes.note(con, "unclustered", "from outdated union select record_key, node_key from fresh")
    con.execute("delete from identity.nodes where record_key in (select record_key from outdated)")
    con.execute(f"insert into identity.nodes {_FRESH_NODES}")
    con.execute(
        "delete from identity.node_evidence where node_key in (select node_key from outdated) "
        "and node_key not in (select node_key from identity.nodes)"
    )
    con.execute(
        f"insert into identity.node_evidence from ({_FRESH_EVIDENCE}) anti join identity.node_evidence using (node_key)"
    )
