{#- True where a keyed pseudonym is not that of somebody who asked to be forgotten (state.suppressions). Landing leaves such rows out
    when it parses a file; this holds back what landed before the request. Without any request no pseudonym is computed. -#}
{% macro not_suppressed(pseudonym) -%}
    not exists (
        select 1
        from {{ source('state', 'suppressions') }} as suppressions
        where suppressions.identifier_pseudonym = case
            when exists (select 1 from {{ source('state', 'suppressions') }} as any_request) then {{ pseudonym }}
        end
    )
{%- endmacro %}
