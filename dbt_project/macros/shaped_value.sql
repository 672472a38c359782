{#- A column of a shape as staging yields it: what outsiders write without identifiers, what people are called without characters that nobody sees,
    a currency's code in capitals (rates are found by it); any other as it is. -#}
{% macro shaped_value(name, shape) -%}
    {%- if name in outside_columns(shape) -%}
        {{ scrubbed(name) }}
    {%- elif name in person_columns(shape) -%}
        {{ visible(name) }}
    {%- elif name == 'currency' -%}
        upper(trim(currency))
    {%- else -%}
        {{ name }}
    {%- endif -%}
{%- endmacro %}
