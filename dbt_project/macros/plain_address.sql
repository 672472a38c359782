{#- An e-mail address in lower case, without what stands around it and nobody sees or means: blanks of every kind, marks of no width, quotes. -#}
{% macro plain_address(value) -%}
    {%- set around = '[\\s\\p{Z}\\p{C}\\x22\\x27]+' -%}
    lower({{ regexp_remove(value, '^' ~ around ~ '|' ~ around ~ '$') }})
{%- endmacro %}
