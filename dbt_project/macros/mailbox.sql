{#- The mailbox that an address in lower case reaches: without what its provider ignores. The rule is that of cdp_assets/mailbox.py; a test holds the two together. -#}
{% macro mailbox(address) -%}
    {%- set gmail = ['gmail.com', 'googlemail.com'] -%}
    {%- set plus = ['outlook.com', 'hotmail.com', 'live.com', 'icloud.com', 'me.com', 'fastmail.com', 'proton.me', 'protonmail.com', 'yahoo.com'] -%}
    {%- set user = "split_part(split_part(" ~ address ~ ", '@', 1), '+', 1)" -%}
    {%- set domain = "split_part(" ~ address ~ ", '@', 2)" -%}
    case
        when replace({{ user }}, '.', '') = '' then {{ address }}
        when {{ domain }} in ('{{ gmail | join("', '") }}') then replace({{ user }}, '.', '') || '@gmail.com'
        when {{ domain }} in ('{{ plus | join("', '") }}') then {{ user }} || '@' || {{ domain }}
        else {{ address }}
    end
{%- endmacro %}
