{#- How well a value does under one survivorship rule: larger wins. Columns in scope: trust_rank, record_count, seen_at. -#}
{% macro survivorship_score(rule) -%}
    case {{ rule }}
        when 'most_trusted_channel' then cast(-trust_rank as double)
        when 'most_frequent' then cast(record_count as double)
        when 'most_recent' then {{ seconds_between("cast('1970-01-01' as timestamp)", 'seen_at') }}
    end
{%- endmacro %}
