{#- Whether a visit came from the site that it is of: the source of a referral is the page's own host, without `www.` on either, or a part or the whole of
    which the other is a part. Never null. -#}
{% macro is_own_site(source, medium, page_address) -%}
    {%- set host = "replace(split_part(split_part(split_part(lower(" ~ page_address ~ "), '://', 2), '/', 1), '?', 1), 'www.', '')" -%}
    {%- set name = "replace(lower(trim(" ~ source ~ ")), 'www.', '')" -%}
    coalesce(
        lower(trim({{ medium }})) = 'referral'
        and ({{ name }} = {{ host }} or {{ host }} like '%.' || {{ name }} or ({{ host }} like '%.%' and {{ name }} like '%.' || {{ host }})),
        false
    )
{%- endmacro %}
