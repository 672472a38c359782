"""Deterministic links: a log-in seen, a card scanned, a loyalty or platform id in common; and the steward's must-links.

Makes table identity.links. Which links survive a conflict is decided in clusters.
"""

from __future__ import annotations

import duckdb

from cdp_assets.identity import cached_tables, changes
from cdp_assets.identity.context import IdentityContext, StepSummary, reference
from cdp_assets.identity.evidence.compatibility import aliased, names_conflict
from cdp_assets.identity.evidence.guards import INITIALS
from cdp_assets.identity.tables import has_table
from cdp_assets.keys import register_pseudonym
from cdp_assets.sql_text import from_file


def build_links(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make identity.links from the channels' links, from shared loyalty and platform ids and from must-link rulings.

    Grain: one row per (record_key_l, record_key_r, link_type), l < r: is_refused and reason. A linked account with too many
    different people (a staff card) and a link between records whose names conflict are refused, with a guard event.
    """
    register_pseudonym(con, ctx.key)
    _write_candidates(con)
    limits = reference("guards")
    con.execute(
        from_file(
            __name__,
            "links",
            initials=INITIALS,
            most_people=int(limits["fan_out"]["link"]),
            most_links=int(limits["nameless"]["link"]),
            names_conflict=names_conflict(aliased),
        )
    )
    _replace_links(con)
    con.execute("drop table temp.link_candidates; drop table temp.judged_links")
    _write_refusals(con)
    links, refused = con.execute(
        "select count(*), count(*) filter (where is_refused) from identity.links"
    ).fetchall()[0]
    return StepSummary("build_links", {"links": links, "refused_links": refused})


def _replace_links(con: duckdb.DuckDBPyConnection) -> None:
    """identity.links becomes temp table judged_links; the records of links that differ are noted as changed."""
    with cached_tables.at_once(con):
        if has_table(con, "links"):
            joins = "select record_key_l, record_key_r, link_type, is_refused from"
            new, old = f"{joins} judged_links", f"{joins} identity.links"
            changes.note(
                con,
                "unclustered",
                "select unnest([record_key_l, record_key_r]), null "
                f"from (({new} except {old}) union all ({old} except {new}))",
            )
        con.execute("create or replace table identity.links as from judged_links")


def _write_candidates(con: duckdb.DuckDBPyConnection) -> None:
    """Temp table link_candidates (target_key, other_key, link_type): the account linked to, and the record that links."""
    con.execute(
        """
        create or replace temp table link_candidates as
        with carried as (
            select i.record_key, i.identifier_type, i.identifier_value, r.name_sound,
                row_number() over (
                    partition by i.identifier_type, i.identifier_value order by i.record_key) as place,
                row_number() over (
                    partition by i.identifier_type, i.identifier_value, r.name_sound order by i.record_key) as name_place,
            from identity.identifiers as i
            join identity.records as r using (record_key)
            where i.identifier_type in ('loyalty_id', 'platform_id') and not i.is_blocked
        )
        -- Every record to the first of its own name; the first ones of each name to one another.
        select a.record_key as target_key, b.record_key as other_key, a.identifier_type as link_type
        from carried as a
        join carried as b using (identifier_type, identifier_value)
        where a.name_place = 1 and a.record_key <> b.record_key
          and ((a.name_sound is not distinct from b.name_sound and b.name_place > 1)
            or (a.name_sound is distinct from b.name_sound and b.name_place = 1 and a.record_key < b.record_key))
        union all
        select record_key_l, record_key_r, 'ruling'
        from state.rulings where kind = 'must_link' and not is_undone
        """
    )
    if has_table(con, "customer_links"):
        con.execute(
            """
            insert into link_candidates
            select distinct t.record_key, o.record_key, 'link'
            from identity.customer_links as s
            join identity.records as t on t.channel = s.linked_channel and t.source_customer_id = s.linked_customer_id
            join identity.records as o on o.channel = s.channel and o.source_customer_id = s.source_customer_id
            """
        )


def _write_refusals(con: duckdb.DuckDBPyConnection) -> None:
    """One guard event per refused card (with its count of links) and one for all links with conflicting names per type."""
    con.execute(
        """
        insert into identity.guard_events
        select
            reason, link_type, target_key, count(*), null,
            'a linked account is used by ' || count(*) || ' records of different people ('
                || case reason when 'staff_card' then 'as a staff card is' else 'too many to be one' end
                || '): its links do not count',
        from identity.links
        where is_refused and reason <> 'names_conflict'
        group by reason, link_type, target_key
        union all
        select
            reason, link_type, target_key, count(*), null,
            count(*) || ' records that use this ' || replace(link_type, '_', ' ')
                || ' carry another name (lent within a family, or a cashier''s own?): they are not merged by it',
        from identity.links
        where is_refused and reason = 'names_conflict'
        group by reason, link_type, target_key
        """
    )
