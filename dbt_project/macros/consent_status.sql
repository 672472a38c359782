{#- What a channel's word says of a consent: granted, denied, withdrawn or expired. `words` maps the channel's own words; the four are
    always known. A word that no one knows is `unknown`: it is no grant, and as the newest word it ends an older one. -#}
{% macro consent_status(word, words={}) -%}
    {{ meaning_of(word, dict(words, granted='granted', denied='denied', withdrawn='withdrawn', expired='expired'), otherwise='unknown') }}
{%- endmacro %}
