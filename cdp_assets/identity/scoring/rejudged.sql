{#
holes:
  home: memory
  rules: 35
unportable: [grammar, range(), unnest()]
#}
create or replace table rejudged as
with shut as (
    select keyed.rule, keyed.block, keyed.node_no, evidence.node_key
    from keyed
    inner join closed on closed.rule = keyed.rule and closed.block = keyed.block
    inner join {{ home }}.identity.node_evidence as evidence on evidence.rowid = keyed.node_no
),
opened as (
    select blocks.rule, blocks.block, blocks.node_no
    from blocks
    inner join reopened on reopened.rule = blocks.rule and reopened.block = blocks.block
    where blocks.node_no not in (select fresh.node_no from fresh)
),
suspects as (
    select least(l.node_no, r.node_no) as node_no_l, greatest(l.node_no, r.node_no) as node_no_r
    from {{ home }}.identity.pairs as pairs
    inner join shut as l on l.node_key = pairs.node_key_l
    inner join shut as r on r.node_key = pairs.node_key_r and r.rule = l.rule and r.block = l.block
    union
    select l.node_no, r.node_no
    from opened as l
    inner join opened as r on r.rule = l.rule and r.block = l.block
    where l.node_no < r.node_no
),
placed as (
    select
        suspects.node_no_l, suspects.node_no_r, l.blocks as blocks_l, r.blocks as blocks_r,
        least(l.node_key, r.node_key) as node_key_l, greatest(l.node_key, r.node_key) as node_key_r
    from suspects
    inner join {{ home }}.identity.node_evidence as l on l.rowid = suspects.node_no_l
    inner join {{ home }}.identity.node_evidence as r on r.rowid = suspects.node_no_r
),
shared as (
    select
        node_key_l, node_key_r, unnest(range({{ rules }}))::utinyint as rule,
        unnest(blocks_l) as block, unnest(blocks_r) as other_block
    from placed
),
live as (
    select shared.node_key_l, shared.node_key_r, min(shared.rule) as rule
    from shared
    left join overfull on overfull.rule = shared.rule and overfull.block = shared.block
    where shared.block = shared.other_block and overfull.rule is null
    group by shared.node_key_l, shared.node_key_r
)
select placed.node_key_l, placed.node_key_r, placed.node_no_l, placed.node_no_r, live.rule
from placed
left join live on live.node_key_l = placed.node_key_l and live.node_key_r = placed.node_key_r
