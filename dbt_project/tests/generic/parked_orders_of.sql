{#- Orders that are parked for one reason, by channel and the word or currency that is missing: named and counted, never a customer's value. -#}
{% test parked_orders_of(model, reason) -%}
select
    channel,
    {% if reason == 'unknown_status' %}order_status{% else %}cast(null as string){% endif %} as waits_for,
    min(order_date) as first_date,
    count(*) as row_count
from {{ model }}
where parked_reason = '{{ reason }}'
group by 1, 2
{%- endtest %}
