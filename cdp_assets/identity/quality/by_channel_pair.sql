with placed as (
    select channel, person_id, cluster from truth_records join oneid using (record_key)
),
channels as (select distinct channel from placed),
cell as (select channel, person_id, cluster, count(*)::double as n from placed group by all),
c as (select channel, cluster, count(*)::double as n from placed group by all),
p as (select channel, person_id, count(*)::double as n from placed group by all),
pairs as (
    select a.channel as l, b.channel as r from channels as a join channels as b on a.channel <= b.channel
),
right_pairs as (
    select a.channel as l, b.channel as r,
        sum(case when a.channel = b.channel then a.n * (a.n - 1) / 2 else a.n * b.n end) as n
    from cell as a join cell as b using (person_id, cluster) where a.channel <= b.channel group by l, r
),
predicted as (
    select a.channel as l, b.channel as r,
        sum(case when a.channel = b.channel then a.n * (a.n - 1) / 2 else a.n * b.n end) as n
    from c as a join c as b using (cluster) where a.channel <= b.channel group by l, r
),
true_pairs as (
    select a.channel as l, b.channel as r,
        sum(case when a.channel = b.channel then a.n * (a.n - 1) / 2 else a.n * b.n end) as n
    from p as a join p as b using (person_id) where a.channel <= b.channel group by l, r
)
select pairs.l, pairs.r, coalesce(t.n, 0)::bigint, coalesce(x.n, 0)::bigint, coalesce(g.n, 0)::bigint
from pairs
left join true_pairs as t using (l, r)
left join predicted as x using (l, r)
left join right_pairs as g using (l, r)
order by pairs.l, pairs.r
