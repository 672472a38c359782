{#- Whether a row is of an affected key (macro replaced): the key's parts are columns, or expressions over columns, of the row. -#}
{% macro of_affected(side, key) -%}
    {%- for part in key %}({{ part }}) = affected.key_{{ loop.index }}{{ ' and ' if not loop.last }}{% endfor -%}
{%- endmacro %}
