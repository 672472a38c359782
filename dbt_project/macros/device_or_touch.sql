{#- What touches are bound to a customer by: all of a device's together; one without a device alone. For `key` and `follows` of a model. -#}
{% macro device_or_touch(touches='') -%}
    {{ return("coalesce('device ' || " ~ touches ~ "device_id, 'touch ' || " ~ touches ~ "touchpoint_id)") }}
{%- endmacro %}
