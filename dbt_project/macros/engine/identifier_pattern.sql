{#- How an e-mail address, a phone number as a country writes it, or one with its country code looks within a text that outsiders write: a regular
    expression on which RE2 and Java agree, without a backslash, which Spark reads within a literal. Signs may be encoded (once or several times) or wide,
    a domain in letters of any script. Dates, sizes and ids of campaigns look much like a number: 001_20171231, 300_250_2017 and padded article numbers stay; 150-2017-2018 does not. -#}
{% macro identifier_pattern(kind) -%}
    {%- set letters = 'A-Za-zÀ-ÖØ-öø-ɏͰ-ӿԱ-ۿऀ-๿ぁ-ヿ一-鿿가-힣' -%}
    {%- set at = '(?:@|＠|%(?:25)*40|%EF%BC%A0|&#(?:64|[xX]40);|[^A-Za-z0-9]u0040)' -%}
    {%- set dot = '(?:[.．]|%(?:25)*2[Ee])' -%}
    {%- set host_letter = '(?:[0-9L-]|%(?:25)*[89A-Fa-f][0-9A-Fa-f])' -%}
    {%- set local_phones = [
        '[1１][3-9３-９]D{9}',
        '[1１][3-9３-９]D(?:-D{4}){2}',
        '[1１][3-9３-９]D(?:SD{4}){2}',
        '[(（]?[2-9２-９]D{2}[)）]?(?:[.-]|S)[2-9２-９]D{2}(?:[.-]|S)D{4}',
        '07D{3}S?D{6}',
        '01[5-7]D[ /-]?D{7}',
        '0[1-9](?:[ .]D{2}){4}',
        '00[2-9]D{9,12}',
        '00[2-9]D{1,2}(?:SD{2,}){1,4}SD{4,}',
    ] -%}
    {%- set patterns = {
        'hint': at ~ '|D{3}|(?:D{2}[ .]){4}D{2}',
        'email': '[A-Za-z0-9À-ÖØ-öø-ɏ._%+-]+' ~ at ~ host_letter ~ '+(?:' ~ dot ~ host_letter ~ '+)*' ~ dot ~ '(?:xn--[A-Za-z0-9-]+|[L]{2,})',
        'local_phone': '(^|[^0-9０-９])(?:' ~ local_phones | join('|') ~ ')($|[^0-9０-９])',
        'world_phone': '(?:[+＋]|%(?:25)*2[Bb])[1-9１-９](?:[ ().-]{0,2}D){7,14}',
    } -%}
    '{{ patterns[kind] | replace('D', '[0-9０-９]') | replace('S', '(?: |%20|[+])') | replace('L', letters) }}'
{%- endmacro %}
