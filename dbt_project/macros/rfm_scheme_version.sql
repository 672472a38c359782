{#- What decides an RFM score besides the orders: scores of different versions are not compared. The number counts the changes of the
    formula itself (2: one-time buyers alone have frequency score 1, the others share 2 to 5). -#}
{% macro rfm_scheme_version() -%}
    '2 {{ var("rfm_scheme") }} {{ var("rfm_segment_map") | replace("rfm_segment_map_", "") }} {{ var("rfm_window_days") }} days'
{%- endmacro %}
