{#- Name of the advertising click id in an address's query string, the surest first; null without one. Their meaning is in
    data/reference/click_ids.csv. -#}
{% macro click_id_type(address) -%}
    case
        {%- for name in ['gclid', 'wbraid', 'gbraid', 'dclid', 'msclkid', 'ttclid', 'fbclid'] %}
        when ({{ address }} like '%?{{ name }}=_%' or {{ address }} like '%&{{ name }}=_%')
            and {{ address }} not like '%{{ name }}=&%' and {{ address }} not like '%{{ name }}=#%' then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}
