{#- A contact without what people write differently: e-mails in lower case, phones by their digits, ids as they are. -#}
{% macro contact_spelling(contact_type, value) -%}
    case {{ contact_type }}
        when 'email' then {{ plain_address(value) }}
        when 'phone' then {{ regexp_remove(value, '[^0-9]') }}
        else trim({{ value }})
    end
{%- endmacro %}
