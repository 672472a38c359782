{#- A score from 1 to 5 by midrank among equals: least(5, 1 + floor(5 × midrank / n)), midrank = rank − 1 + (ties − 1) / 2.
    Equal values score equally, the best scores 5 and a flat population 3. `among` names the columns of the groups that are ranked
    apart. Written over twice the midrank, so that all but the last division are exact. -#}
{% macro midrank_score(value, among=[]) -%}
    {%- set groups = among | join(', ') -%}
    cast(least(5, 1 + floor(
        5 * (
            2 * (rank() over ({{ 'partition by ' ~ groups if among }} order by {{ value }}) - 1)
            + count(*) over (partition by {{ groups ~ ', ' if among }}{{ value }}) - 1
        )
        / (2.0 * count(*) over ({{ 'partition by ' ~ groups if among }}))
    )) as integer)
{%- endmacro %}
