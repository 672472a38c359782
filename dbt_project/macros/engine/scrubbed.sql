{#- A text that outsiders write, without the e-mail addresses and phone numbers in it: each leaves `[e-mail]` or `[phone]`. A text that is a number as a whole is an
    id (ad platforms use their campaigns' as names) and stays. -#}
{% macro scrubbed(text) -%}
    case
        when {{ text }} is null then null
        when not regexp_matches({{ text }}, '@|%40|[0-9]{3}') then {{ text }}
        else
            case
                when regexp_full_match({{ text }}, '[0-9]+') then {{ text }}
                else
                    regexp_replace(
                        regexp_replace(
                            regexp_replace({{ text }}, '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}', '[e-mail]', 'g'),
                            '(^|[^0-9])(1[3-9][0-9]{9}|[(]?[2-9][0-9]{2}[)]?[ .-][2-9][0-9]{2}[ .-][0-9]{4})($|[^0-9])', '\1[phone]\3', 'g'
                        ),
                        '([+]|%2B)[1-9]([ ().-]{0,2}[0-9]){7,14}', '[phone]', 'g'
                    )
            end
    end
{%- endmacro %}
