{#- What credit is multiplied by, each added up per attribution model: the measure and the column of `credited_touches` (none: the credit itself). -#}
{% macro credit_measures() -%}
    {{ return([
        ('conversions', none), ('gross_revenue', 'conversion_value'), ('discounted_revenue', 'conversion_discounted_value'),
        ('net_revenue', 'conversion_net_value'), ('margin', 'conversion_margin'), ('costed_net_revenue', 'conversion_costed_value'),
    ]) }}
{%- endmacro %}
