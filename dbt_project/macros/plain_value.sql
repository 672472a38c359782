{#- A value of a customer record as two writings of it are compared: the last ten digits of a number, small letters of all else. Equal to
    cdp_assets.rights.corrections. -#}
{% macro plain_value(attribute, value) -%}
    {%- set digits = regexp_remove('coalesce(' ~ value ~ ", '')", '[^0-9]') -%}
    case {{ attribute }}
        when 'phone' then substr({{ digits }}, greatest(length({{ digits }}) - 9, 1))
        else lower(trim(coalesce({{ value }}, '')))
    end
{%- endmacro %}
