{#- An E.164 phone number without the four digits before the last four: +86138****5678; a short one shows its last two digits. -#}
{% macro masked_phone(text) -%}
    case
        when length({{ text }}) >= 11
            then substr({{ text }}, 1, length({{ text }}) - 8) || '****' || substr({{ text }}, length({{ text }}) - 3, 4)
        when {{ text }} is not null then '***' || substr({{ text }}, length({{ text }}) - 1, 2)
    end
{%- endmacro %}
