{#- Who bought a Youzan order: the keyed phone, else a guest where a nickname is all there is, else nobody. -#}
{% macro youzan_buyer_id() -%}
    case
        when _key_customer is not null then _key_customer
        when buyer_nickname is not null or buyer_phone is not null then 'guest:' || order_id
    end
{%- endmacro %}
