{#- Days before a conversion that a touch of this type may lie: the general window, or the touch type's own where vars declare one. -#}
{% macro attribution_window_days(touch_type) -%}
    {%- set own = var('attribution_window_days_by_touch_type') -%}
    {%- if own -%}
        case {{ touch_type }}
        {%- for name, days in own.items() %} when '{{ name }}' then {{ days }}{% endfor %} else {{ var('attribution_window_days') }} end
    {%- else -%}
        {{ var('attribution_window_days') }}
    {%- endif -%}
{%- endmacro %}
