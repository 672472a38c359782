{#
holes:
  han: "[一-鿿]"
  pinyin: "[a-z]+"
  known: 张王
  compounds: "'欧阳', '司马'"
  particles: van|de
  compound_case: when family_part = '欧阳' then 'ouyang'
  titles: mr|mrs
  generations: {sr: 1, jr: 2}
  chinese_titles: 先生|女士
unportable: [a backslash in a text, a list in brackets, array_to_string(), concat_ws(), contains(), len(), list_sort(), regexp_extract(), regexp_full_match(), regexp_matches(), simplified(), starts_with(), string_split()]
#}
{#- Lower case, letters and single spaces (Latin) or simplified characters (Chinese), without titles. #}
{%- macro clean(column, alias) -%}
{%- set folded = "coalesce(" ~ alias ~ ".folded_part, parts." ~ column ~ ")" -%}
case
            when {{ folded }} is null then null
            when regexp_matches({{ folded }}, '{{ han }}')
                then nullif(regexp_replace(simplified({{ folded }}), '(.)({{ chinese_titles }})$', '\1'), '')
            else nullif(trim(regexp_replace(regexp_replace(
                lower(replace(replace({{ folded }}, '''', ''), '.', ' ')), '[^a-z]+', ' ', 'g'),
                '(^| )(({{ titles }})( |$))+', ' ', 'g')), '')
        end as {{ column }}
{%- endmacro %}
{#- Pinyin of a Chinese part, character by character; a Latin part without its spaces. #}
{%- macro reading(part, alias, first) -%}
case when regexp_matches({{ part }}, '{{ han }}') then coalesce({{ alias }}1.{{ first }}, '')
{%- for n in range(2, 6) %} || coalesce({{ alias }}{{ n }}.reading, ''){% endfor %} else replace({{ part }}, ' ', '') end
{%- endmacro %}
{#- The word behind a part of a name that says which of the family's bearers of it this is, else null. #}
{%- macro generation(column) -%}
nullif(regexp_extract(lower({{ column }}), '[^ ,.][ ,.]+({{ generations | join("|") }})[. ]*(,|$)', 1), '')
{%- endmacro %}
create or replace temp table name_forms as
with cleaned as (
    select
        parts.name_raw,
        {{ clean("full_name", "f") }},
        {{ clean("given_name", "g") }},
        {{ clean("family_name", "s") }},
        coalesce(parts.full_name, parts.given_name, parts.family_name) like '%,%' as has_comma
    from name_parts as parts
    left join folded_parts as f on f.raw_part = parts.full_name
    left join folded_parts as g on g.raw_part = parts.given_name
    left join folded_parts as s on s.raw_part = parts.family_name
),
whole as (
    -- A record with one part only may hold the whole name in it.
    select
        name_raw, has_comma,
        case
            when given_name is not null and family_name is not null then null
            when full_name is not null then full_name
            else coalesce(given_name, family_name)
        end as full_name,
        case when given_name is not null and family_name is not null then given_name end as given_name,
        case when given_name is not null and family_name is not null then family_name end as family_name,
        full_name is null and given_name is null and family_name is not null as is_family_only,
        regexp_matches(coalesce(given_name, '') || coalesce(family_name, '') || coalesce(full_name, ''), '{{ han }}')
            as is_han
    from cleaned
),
cut as (
    select
        *,
        string_split(full_name, ' ') as tokens,
        replace(coalesce(full_name, ''), ' ', '') as han,
        given_surname.rank is not null and family_surname.rank is null
            and regexp_full_match(family_name, '{{ pinyin }}') as is_pinyin_swapped,
        coalesce(first_token.rank < coalesce(last_token.rank, 9999), false)
            and regexp_full_match(replace(full_name, ' ', ''), '{{ pinyin }}{{ pinyin }}') as is_pinyin_family_first
    from whole
    left join pinyin_surnames as given_surname on given_surname.reading = whole.given_name
    left join pinyin_surnames as family_surname on family_surname.reading = whole.family_name
    left join pinyin_surnames as first_token on first_token.reading = string_split(full_name, ' ')[1]
    left join pinyin_surnames as last_token on last_token.reading = string_split(full_name, ' ')[-1]
),
-- Given and family part of each cleaned name; order by script, comma, particles and known Chinese surnames.
split as (
    select
        name_raw, is_han,
        case
            when given_name is not null and is_han
                and family_name not in ({{ compounds }}) and length(family_name) > 1 and length(given_name) = 1
                and contains('{{ known }}', given_name) then family_name
            when given_name is not null and is_han and length(given_name) > length(family_name)
                and starts_with(given_name, family_name) then substr(given_name, length(family_name) + 1)
            when given_name is not null and is_pinyin_swapped then family_name
            when given_name is not null then given_name
            when is_family_only and (is_han or len(tokens) = 1) then null
            when is_han and length(han) = 1 then case when contains('{{ known }}', han) then null else han end
            when is_han and length(han) > 2 and left(han, 2) in ({{ compounds }}) then substr(han, 3)
            when is_han and contains('{{ known }}', left(han, 1)) then substr(han, 2)
            when is_han then han
            when len(tokens) = 1 then full_name
            when has_comma then array_to_string(tokens[2:], ' ')
            when is_pinyin_family_first then array_to_string(tokens[2:], ' ')
            when len(tokens) > 2 and regexp_matches(full_name, ' ({{ particles }}) [^ ]+$')
                then regexp_extract(full_name, '^(.*?) (({{ particles }}) )+[^ ]+$', 1)
            else array_to_string(tokens[:-2], ' ')
        end as given_part,
        case
            when given_name is not null and is_han
                and family_name not in ({{ compounds }}) and length(family_name) > 1 and length(given_name) = 1
                and contains('{{ known }}', given_name) then given_name
            when given_name is not null and is_pinyin_swapped then given_name
            when given_name is not null then family_name
            when is_family_only and (is_han or len(tokens) = 1) then full_name
            when is_han and length(han) = 1 then case when contains('{{ known }}', han) then han end
            when is_han and length(han) > 2 and left(han, 2) in ({{ compounds }}) then left(han, 2)
            when is_han and contains('{{ known }}', left(han, 1)) then left(han, 1)
            when is_han then null
            when len(tokens) = 1 then null
            when has_comma then tokens[1]
            when is_pinyin_family_first then tokens[1]
            when len(tokens) > 2 and regexp_matches(full_name, ' ({{ particles }}) [^ ]+$')
                then regexp_extract(full_name, '^.*? ((({{ particles }}) )+[^ ]+)$', 1)
            else tokens[-1]
        end as family_part
    from cut
),
keyed as (
    select
        name_raw, is_han,
        nullif({{ reading("given_part", "g", "reading") }}, '') as given_key,
        nullif(case {{ compound_case }} else {{ reading("family_part", "f", "surname_reading") }} end, '')
            as family_key,
        case when not regexp_matches(given_part, '{{ han }}') then string_split(given_part, ' ')[1] end as given_first,
        case when regexp_matches(given_part, '{{ han }}') then given_part end as given_han,
        case when regexp_matches(family_part, '{{ han }}') then family_part end as family_han
    from split
    {%- for n in range(1, 6) %}
    left join han_characters as g{{ n }} on split.is_han and g{{ n }}.character = substr(given_part, {{ n }}, 1)
    left join han_characters as f{{ n }} on split.is_han and f{{ n }}.character = substr(family_part, {{ n }}, 1)
    {%- endfor %}
),
counted as (
    select
        name_raw,
        coalesce({{ generation("full_name") }}, {{ generation("given_name") }}, {{ generation("family_name") }}) as generation
    from name_parts
),
worded as (
    select
        name_raw,
        array_to_string(list_sort([
            word for word in string_split(concat_ws(' ', given_name, family_name, full_name), ' ') if length(word) > 1
        ]), ' ') as words
    from whole
    where not is_han
),
judged as (
    select
        keyed.*,
        coalesce(is_han or (
            regexp_full_match(given_key, '{{ pinyin }}') and regexp_full_match(family_key, '{{ pinyin }}')
            and pinyin_surnames.rank is not null), false) as is_pinyin_name
    from keyed
    left join pinyin_surnames on pinyin_surnames.reading = family_key
)
select
    name_raw, given_key, family_key, given_han, family_han,
    case when not is_pinyin_name then coalesce(nicknames.given, given_first, given_key) else given_key end
        as given_canon,
    case
        when is_han and (given_han is null) = (given_key is null) and (family_han is null) = (family_key is null)
            then coalesce(family_han, '') || coalesce(given_han, '')
        else array_to_string(list_sort([x for x in [given_key, family_key] if x is not null]), ' ')
    end as name_exact,
    nullif(array_to_string(list_sort([x for x in [given_key, family_key] if x is not null]), ' '), '')
        as name_sound,
    is_pinyin_name as is_pinyin, nullif(worded.words, '') as name_words,
    case counted.generation {% for word, number in generations.items() %}when '{{ word }}' then '{{ number }}' {% endfor %}end
        as name_generation
from judged
inner join counted using (name_raw)
left join worded on worded.name_raw = judged.name_raw
left join nicknames on nicknames.nickname = given_first
where given_key is not null or family_key is not null
