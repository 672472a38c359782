{#- For `follows` of a model: the staging models of a shared shape, whose rows hold the model's key in the same columns. -#}
{% macro followed_shape(shape, key) -%}
    {%- set found = {} -%}
    {%- for channel in var('channels')[shape] -%}{%- do found.update({'stg_' ~ channel ~ '__' ~ shape: key}) -%}{%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
