{#- What the fingerprint of a table is made of: (row_count, hash_sum, hash_xor) of its rows. Sums and exclusive ors, so that rows can be added and taken away. -#}
{% macro sums_of(relation) -%}
    select count(*) as row_count, coalesce(sum(hash(rows)::hugeint), 0) as hash_sum, coalesce(bit_xor(hash(rows)), 0) as hash_xor from {{ relation }} as rows
{%- endmacro %}
