{#- An e-mail address of which the first character and the domain show. -#}
{% macro masked_email(text) -%}
    case when {{ text }} is not null then substr({{ text }}, 1, 1) || '***@' || split_part({{ text }}, '@', 2) end
{%- endmacro %}
