{#
unportable: [a list in brackets, any_value(), list()]
#}
-- Grain: one generation. A table changed if its fingerprint did, beside the newest earlier generation that was never
-- withdrawn (withdrawn ones keep a note after their files are gone).
with

tables as (
    select generation, table_name, row_count, fingerprint
    from generation_tables
    where file_name = $marts
),

compared as (
    select
        generations.generation,
        max(earlier.generation) as compared_with
    from generations
    left join generations as earlier
        on earlier.generation < generations.generation
        and earlier.note is null
    group by generations.generation
),

both_sides as (
    select
        compared.generation,
        compared.compared_with,
        coalesce(now_there.table_name, was_there.table_name) as table_name,
        now_there.row_count as rows_now,
        coalesce(was_there.row_count, 0) as rows_before,
        now_there.fingerprint is distinct from was_there.fingerprint as is_changed
    from compared
    join tables as now_there on now_there.generation = compared.generation
    left join tables as was_there
        on was_there.generation = compared.compared_with
        and was_there.table_name = now_there.table_name
)

select
    generations.generation,
    generations.status,
    generations.as_of_date,
    generations.run_id,
    generations.created_at,
    any_value(both_sides.compared_with) as compared_with,
    count(both_sides.table_name) as table_count,
    coalesce(sum(rows_now), 0)::bigint as row_count,
    sum(rows_now - rows_before) filter (where compared_with is not null)::bigint as rows_added,
    max(rows_now) filter (where table_name = 'customers') as customer_count,
    max(rows_now - rows_before) filter (where table_name = 'customers' and compared_with is not null)
        as customers_added,
    coalesce(list(table_name order by table_name) filter (where is_changed), []) as changed_tables
from generations
left join both_sides on both_sides.generation = generations.generation
group by all
order by generations.generation desc
