{#- The sum of a fractional number, the same whatever order the rows come in: added up as decimals, of which the last place is 1e-15.
    A sum of doubles differs in its last digits from run to run. -#}
{% macro exact_sum(expression, over=none) -%}
    cast(sum(cast({{ expression }} as decimal(38, 15))) {%- if over %} over ({{ over }}){% endif %} as double)
{%- endmacro %}
