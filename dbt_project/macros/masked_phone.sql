{#- A phone number of which the last two digits show. -#}
{% macro masked_phone(text) -%}
    case when {{ text }} is not null then '***' || substr({{ text }}, length({{ text }}) - 1, 2) end
{%- endmacro %}
