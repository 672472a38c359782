"""Where right pairs are lost and wrong ones come from: the stage table of one run of OneID.

In: a DuckDB file after benches.identity.onefold.match, with table truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from cdp_assets.identity import IdentityKnobs


@dataclass(frozen=True)
class Stages:
    """Counts of pairs of records.

    Of the right pairs: no_key (no blocking key in common), too_large (only in blocks that are not compared), scored_low (compared, but
    below the publishing threshold), lost (published, yet in two clusters), by_others (in one cluster although not published themselves).
    Of the wrong pairs in one cluster: wrong_scored (published themselves); the rest are bridged.
    """

    right: int
    no_key: int
    too_large: int
    scored_low: int
    lost: int
    by_others: int
    wrong: int
    wrong_scored: int

    def __str__(self) -> str:
        allowed = 1 - (self.no_key + self.too_large) / max(self.right, 1)
        return (
            f"right pairs {self.right:,}: blocking allows {allowed:.4f} (no key in common {self.no_key:,}, blocks too large "
            f"{self.too_large:,}), scored low {self.scored_low:,}, lost in clusters {self.lost:,}, found by other records {self.by_others:,}; "
            f"wrong pairs {self.wrong:,}: scored so {self.wrong_scored:,}, bridged {self.wrong - self.wrong_scored:,}"
        )


def count(con: duckdb.DuckDBPyConnection) -> Stages:
    """The stage table of the right pairs, and of the wrong pairs that clusters made."""
    knobs = IdentityKnobs()
    con.execute(
        f"""
        create or replace temp table keyed as
        select node_key, unnest(list_transform(blocks, lambda block, rule: case when block is not null then hash(rule, block) end)) as block
        from identity.node_evidence;
        create or replace temp table usable as
        select node_key, list(block) as blocks, list(block) filter (where block not in (
            select block from keyed where block is not null group by block having count(*) > {knobs.max_block_nodes})) as live
        from keyed where block is not null group by node_key;
        create or replace temp table placed as
        select r.record_key, c.customer_id, t.person_id, n.node_key, s.self_weight, e.blocks, e.live
        from truth as t
        join identity.customer_ids as c using (channel, source_customer_id)
        join identity.records as r using (record_key)
        join identity.nodes as n using (record_key)
        join identity.scored_nodes as s using (node_key)
        left join usable as e using (node_key);
        create or replace temp table judged as
        with wanted as (
            select l.record_key as record_l, r.record_key as record_r, true as is_right
            from placed as l join placed as r using (person_id) where l.record_key < r.record_key
            union all
            select l.record_key, r.record_key, false
            from placed as l join placed as r using (customer_id)
            where l.record_key < r.record_key and l.person_id <> r.person_id
        )
        select
            record_l, record_r, is_right,
            l.customer_id = r.customer_id as is_joined,
            l.node_key = r.node_key or coalesce(list_has_any(l.live, r.live), false) as is_compared,
            coalesce(list_has_any(l.blocks, r.blocks), false) as has_key,
            k.record_key_l is not null
                or coalesce(case when l.node_key = r.node_key then 1 / (1 + pow(2, -l.self_weight)) else p.match_probability end, 0)
                    >= {knobs.publish_probability} as is_published,
        from wanted
        join placed as l on l.record_key = record_l
        join placed as r on r.record_key = record_r
        left join identity.pairs as p
            on p.node_key_l = least(l.node_key, r.node_key) and p.node_key_r = greatest(l.node_key, r.node_key)
        left join (
            select distinct least(record_key_l, record_key_r) as record_key_l, greatest(record_key_l, record_key_r) as record_key_r
            from identity.links where not is_refused
        ) as k on k.record_key_l = record_l and k.record_key_r = record_r
        """
    )
    return Stages(
        *con.execute(
            """
            select
                count(*) filter (where is_right),
                count(*) filter (where is_right and not is_joined and not is_published and not is_compared and not has_key),
                count(*) filter (where is_right and not is_joined and not is_published and not is_compared and has_key),
                count(*) filter (where is_right and not is_joined and not is_published and is_compared),
                count(*) filter (where is_right and not is_joined and is_published),
                count(*) filter (where is_right and is_joined and not is_published),
                count(*) filter (where not is_right),
                count(*) filter (where not is_right and is_published),
            from judged
            """
        ).fetchall()[0]
    )
