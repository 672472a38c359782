{#- A text without the characters that nobody sees: zero-width spaces, marks of direction, soft hyphens, byte order marks. Two names that look the same are
    then the same, and no mark turns what stands behind it. Joiners within Arabic and Indic letters are spelling, and stay. A text of nothing else is null. -#}
{% macro visible(text) -%}
    {{ return(adapter.dispatch('visible', 'onefold')(text)) }}
{%- endmacro %}

{% macro duckdb__visible(text) -%}
    case
        when not regexp_matches({{ text }}, '[\x{00ad}\x{061c}\x{180e}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{feff}]') then {{ text }}
        else nullif(
            regexp_replace(
                regexp_replace({{ text }}, '[\x{00ad}\x{061c}\x{180e}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{feff}]', '', 'g'),
                '(^|[^\x{0600}-\x{08ff}\x{0900}-\x{0dff}])[\x{200c}\x{200d}]+', '\1', 'g'
            ),
            ''
        )
    end
{%- endmacro %}

{% macro spark__visible(text) -%}
    case
        when not {{ text }} rlike r'[\x{00ad}\x{061c}\x{180e}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{feff}]' then {{ text }}
        else nullif(
            regexp_replace(
                regexp_replace({{ text }}, r'[\x{00ad}\x{061c}\x{180e}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{feff}]', ''),
                r'(^|[^\x{0600}-\x{08ff}\x{0900}-\x{0dff}])[\x{200c}\x{200d}]+', '$1'
            ),
            ''
        )
    end
{%- endmacro %}
