"""Step 3: nodes. Records with identical evidence share a node, so that Splink scores each distinct node once.

Which pairs of nodes match does not belong here: see pairs.
"""

from __future__ import annotations

import duckdb

from cdp_assets.keys import register_pseudonym
from cdp_assets.linkage.context import LinkageContext, StepSummary

# What a node is made of; guard attributes (is_phone_shared, is_email_shared) included, so that a changed guard makes a new node.
EVIDENCE = (
    "name_exact", "name_sound", "given_key", "family_key", "given_canon", "given_han", "family_han", "is_pinyin",
    "phone", "phone_head", "phone_tail", "is_phone_shared", "email", "email_user", "email_domain", "is_email_shared",
    "birth_key", "gender_key", "national_id", "street_words", "street_key", "street_number", "city_key", "region_key",
    "postcode_key", "country_key",
)  # fmt: skip
_MEANINGFUL = ("name_sound", "phone", "email", "birth_key", "national_id", "street_key", "phone_tail")


def build_nodes(con: duckdb.DuckDBPyConnection, ctx: LinkageContext) -> StepSummary:
    """Make identity.node_evidence and identity.nodes from identity.records and identity.identifiers.

    node_evidence: one row per node_key with the evidence columns, record_count and is_recipient_only. nodes: one row per record_key
    with its node_key. Records without evidence, or named in a ruling, have a node of their own.
    """
    register_pseudonym(con, ctx.key)
    _define_guarded(con)
    evidence = ", ".join(EVIDENCE)
    texts = ", ".join(f"coalesce(cast({column} as varchar), '')" for column in EVIDENCE)
    empty = " and ".join(f"{column} is null" for column in _MEANINGFUL)
    con.execute(
        f"""
        create or replace temp table keyed as
        select
            guarded.*,
            case when ({empty}) or ruled.record_key is not null
                then pseudonym('solo' || chr(31) || guarded.record_key)
                else pseudonym('node' || chr(31) || concat_ws(chr(31), {texts})) end as node_key,
        from guarded
        left join (
            select record_key_l as record_key from state.rulings where not is_undone
            union
            select record_key_r as record_key from state.rulings where not is_undone
        ) as ruled using (record_key)
        """
    )
    con.execute(
        """
        create or replace table identity.nodes as
        select record_key, node_key from keyed order by record_key
        """
    )
    con.execute(
        f"""
        create or replace table identity.node_evidence as
        select node_key, {evidence}, record_count
        from keyed
        -- The evidence of a node's records is the same: any of them stands for it.
        join (select min(record_key) as record_key, count(*) as record_count from keyed group by node_key) using (record_key)
        order by node_key
        """
    )
    con.execute("drop table temp.keyed; drop view temp.guarded")
    records, nodes = con.execute("select count(*), count(distinct node_key) from identity.nodes").fetchall()[
        0
    ]
    return StepSummary(
        "build_nodes", {"records": records, "nodes": nodes, "evidence_columns": len(evidence.split(","))}
    )


def _define_guarded(con: duckdb.DuckDBPyConnection) -> None:
    """Temp view guarded: records with refused evidence blanked and the shared flags of what is left."""
    con.execute(
        """
        create or replace temp view guarded as
        with judged as (
            select
                record_key,
                bool_or(is_blocked) filter (where identifier_type = 'phone') as blocked_phone,
                bool_or(is_blocked) filter (where identifier_type = 'email') as blocked_email,
                bool_or(is_blocked) filter (where identifier_type = 'national_id') as blocked_national_id,
                bool_or(is_blocked) filter (where identifier_type = 'street') as blocked_street,
                bool_or(people_count > 1) filter (where identifier_type = 'phone') as shared_phone,
                bool_or(people_count > 1) filter (where identifier_type = 'email') as shared_email,
            from identity.identifiers
            group by record_key
        )
        select
            r.record_key,
            case when n.identifier_value is null then r.name_exact end as name_exact,
            case when n.identifier_value is null then r.name_sound end as name_sound,
            case when n.identifier_value is null then r.given_key end as given_key,
            case when n.identifier_value is null then r.family_key end as family_key,
            case when n.identifier_value is null then r.given_canon end as given_canon,
            case when n.identifier_value is null then r.given_han end as given_han,
            case when n.identifier_value is null then r.family_han end as family_han,
            r.is_pinyin and n.identifier_value is null as is_pinyin,
            case when not coalesce(j.blocked_phone, false) then r.phone end as phone,
            case when not coalesce(j.blocked_phone, false) then r.phone_head end as phone_head,
            case when not coalesce(j.blocked_phone, false) then r.phone_tail end as phone_tail,
            coalesce(j.shared_phone and not j.blocked_phone, false) as is_phone_shared,
            case when not coalesce(j.blocked_email, false) then r.email end as email,
            case when not coalesce(j.blocked_email, false) then r.email_user end as email_user,
            case when not coalesce(j.blocked_email, false) then r.email_domain end as email_domain,
            coalesce(j.shared_email and not j.blocked_email, false) as is_email_shared,
            case when b.identifier_value is null then r.birth_key end as birth_key,
            r.gender_key,
            case when not coalesce(j.blocked_national_id, false) then r.national_id end as national_id,
            case when not coalesce(j.blocked_street, false) then r.street_words end as street_words,
            case when not coalesce(j.blocked_street, false) then r.street_key end as street_key,
            case when not coalesce(j.blocked_street, false) then r.street_number end as street_number,
            r.city_key, r.region_key, r.postcode_key, r.country_key,
        from identity.records as r
        left join judged as j using (record_key)
        left join identity.blocked_identifiers as n on n.identifier_type = 'name' and n.identifier_value = r.name_exact
        left join identity.blocked_identifiers as b
            on b.identifier_type = 'birth_date' and b.identifier_value = r.birth_key
        """
    )
