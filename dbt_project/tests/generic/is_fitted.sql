{#- Today's data gave the parameters: no earlier ones serve, and none are missing. Its rows name a model and why, no customer. -#}
{% test is_fitted(model) -%}
    select model, status, message
    from {{ model }}
    where status <> 'fitted'
{%- endtest %}
