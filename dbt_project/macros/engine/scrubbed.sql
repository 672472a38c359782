{#- A text that outsiders write, without the e-mail addresses and phone numbers in it: each leaves `[e-mail]` or `[phone]`. A text that is a number as a whole is an
    id (ad platforms use their campaigns' as names) and stays. The engines differ in how a replacement names a group. -#}
{% macro scrubbed(text) -%}
    {{ return(adapter.dispatch('scrubbed', 'onefold')(text)) }}
{%- endmacro %}

{% macro duckdb__scrubbed(text) -%}
    case
        when {{ text }} is null then null
        when not regexp_matches({{ text }}, {{ identifier_pattern('hint') }}) then {{ text }}
        else
            case
                when regexp_full_match({{ text }}, '[0-9]+') then {{ text }}
                else
                    regexp_replace(
                        regexp_replace(
                            regexp_replace({{ text }}, {{ identifier_pattern('email') }}, '[e-mail]', 'g'),
                            {{ identifier_pattern('local_phone') }}, '\1[phone]\2', 'g'
                        ),
                        {{ identifier_pattern('world_phone') }}, '[phone]', 'g'
                    )
            end
    end
{%- endmacro %}

{% macro spark__scrubbed(text) -%}
    case
        when {{ text }} is null then null
        when not {{ text }} rlike {{ identifier_pattern('hint') }} then {{ text }}
        else
            case
                when {{ matches_whole(text, "'[0-9]+'") }} then {{ text }}
                else
                    regexp_replace(
                        regexp_replace(
                            regexp_replace({{ text }}, {{ identifier_pattern('email') }}, '[e-mail]'),
                            {{ identifier_pattern('local_phone') }}, '$1[phone]$2'
                        ),
                        {{ identifier_pattern('world_phone') }}, '[phone]'
                    )
            end
    end
{%- endmacro %}
