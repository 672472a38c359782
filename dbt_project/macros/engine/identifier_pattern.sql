{#- How an e-mail address, a phone number as a country writes it, or one with its country code looks within a text that outsiders write: a regular
    expression on which RE2 and Java agree. -#}
{% macro identifier_pattern(kind) -%}
    {%- set patterns = {
        'email': '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}',
        'local_phone': '(^|[^0-9])(1[3-9][0-9]{9}|[(]?[2-9][0-9]{2}[)]?[ .-][2-9][0-9]{2}[ .-][0-9]{4})($|[^0-9])',
        'world_phone': '([+]|%2B)[1-9]([ ().-]{0,2}[0-9]){7,14}',
    } -%}
    '{{ patterns[kind] }}'
{%- endmacro %}
