{#- The purpose that a channel's word means: one of vars.purposes, which are always known; `words` maps the channel's own words. A purpose
    that no one knows is `unrecognised`: it opens nothing and closes nothing, and stands in consent_summary. Marketing is never ads_matching. -#}
{% macro consent_purpose(word, words={}) -%}
    {%- set known = {} -%}
    {%- for each in var('purposes') -%}{%- do known.update({each: each}) -%}{%- endfor -%}
    {{ meaning_of(word, dict(words, **known), otherwise='unrecognised') }}
{%- endmacro %}
