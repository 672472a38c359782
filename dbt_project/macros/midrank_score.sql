{#- A score from `least` to 5 by midrank among equals: min(5, least + floor(k × midrank / n)) with k scores to share and
    midrank = rank − 1 + (ties − 1) / 2. Equal values score equally, the best scores 5 and a flat population the middle (3 of 1 to 5, 4 of
    2 to 5). `among` names the columns of the groups that are ranked apart. Written over twice the midrank, so that all but the last
    division are exact. -#}
{% macro midrank_score(value, among=[], least=1) -%}
    {%- set groups = among | join(', ') -%}
    cast(least(5, {{ least }} + floor(
        {{ 6 - least }} * (
            2 * (rank() over ({{ 'partition by ' ~ groups if among }} order by {{ value }}) - 1)
            + count(*) over (partition by {{ groups ~ ', ' if among }}{{ value }}) - 1
        )
        / (2.0 * count(*) over ({{ 'partition by ' ~ groups if among }}))
    )) as integer)
{%- endmacro %}
