{#- A suffix that tells rows of one key apart: nothing for the first of them in this order, its number for the others. -#}
{% macro numbered_if_several(key, ordered_by) -%}
    case row_number() over (partition by {{ key }} order by {{ ordered_by }})
        when 1 then ''
        else ':' || row_number() over (partition by {{ key }} order by {{ ordered_by }})
    end
{%- endmacro %}
