{#- A word as one of the meanings that `words` gives, without case and blanks around it; `otherwise` where it gives none. -#}
{% macro meaning_of(word, words, otherwise) -%}
    {%- if words %}
    case lower(trim({{ word }}))
        {%- for said, meaning in words.items() %}
        when '{{ said | lower | replace("'", "''") }}' then '{{ meaning | replace("'", "''") }}'
        {%- endfor %}
        else '{{ otherwise }}'
    end
    {%- else %}
    '{{ otherwise }}'
    {%- endif %}
{%- endmacro %}
