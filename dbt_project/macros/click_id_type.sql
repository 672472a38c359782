{#- Name of the advertising click id in an address's query string, the surest first; null without one. Their meaning is in
    data/reference/click_ids.csv; sites write their letters large or small. -#}
{% macro click_id_type(address) -%}
    case
        {%- for name in [
            'gclid', 'wbraid', 'gbraid', 'dclid', 'gad_source', 'msclkid', 'ttclid', 'yclid', 'li_fat_id', 'twclid', 'sccid', 'rdt_cid', 'fbclid',
        ] %}
        when (lower({{ address }}) like '%?{{ name }}=_%' or lower({{ address }}) like '%&{{ name }}=_%')
            and lower({{ address }}) not like '%{{ name }}=&%' and lower({{ address }}) not like '%{{ name }}=#%' then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}
