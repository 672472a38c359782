{#- What a channel's word says that an answer is about; `words` maps its own words. A word that no one knows opens nothing (`unrecognised`), and where
    it was a refusal it speaks for the whole person: we do not know what else was meant. -#}
{% macro consent_contact_type(word, words, status) -%}
    {%- set known = {} -%}
    {%- for each in ['email', 'phone', 'platform', 'record', 'person'] -%}{%- do known.update({each: each}) -%}{%- endfor -%}
    case
        when {{ status }} in ('denied', 'withdrawn') then {{ meaning_of(word, dict(words, **known), otherwise='person') }}
        else {{ meaning_of(word, dict(words, **known), otherwise='unrecognised') }}
    end
{%- endmacro %}
