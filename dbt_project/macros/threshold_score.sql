{#- A score from 1 to 5 by fixed limits (data/reference/rfm_thresholds.csv): the highest score whose limit the value reaches. -#}
{% macro threshold_score(score_of, value) -%}
    cast(coalesce((
        select max(thresholds.score)
        from {{ ref('rfm_thresholds') }} as thresholds
        where thresholds.score_of = '{{ score_of }}' and {{ value }} >= thresholds.at_least
    ), 1) as integer)
{%- endmacro %}
