{#- Credit and what it is worth (`credit_measures`) under each attribution model, added up side by side: for a select list over `credited_touches`. -#}
{% macro credit_sums() -%}
    {%- for model in var('attribution_models') %}
    {%- for measure, value in credit_measures() %}
    {{ exact_sum('credit_' ~ model ~ (' * ' ~ value if value else '')) }} as {{ measure }}_{{ model }}{{ ',' if not loop.last }}
    {%- endfor %}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
