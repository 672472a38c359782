"""Names: Latin and Chinese spellings of one person become comparable keys.

Works on distinct names only. The common forms (ASCII letters; one to five Chinese characters) go by SQL, every other
spelling once through `fold_name`. Comparing two names does not belong here: see comparisons.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import duckdb
from anyascii import anyascii
from opencc import OpenCC
from pypinyin import lazy_pinyin

from cdp_assets.identity.context import reference
from cdp_assets.sql_text import literals

HAN = r"[\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{20000}-\x{2ebef}]"
_HAN_PYTHON = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ebef]+")
_BRACKETED = re.compile(r"\([^()]*\)?|\[[^\[\]]*\]?|【[^【】]*】?|「[^「」]*」?|《[^《》]*》?|<[^<>]*>?")
_SYLLABLE = (
    "(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|an|ao|ei|en|er|"
    "ia|ie|in|iu|ou|ua|ue|ui|un|uo|ve|a|e|i|o|u|v))"
)
PINYIN = f"{_SYLLABLE}{{1,3}}"


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def simplified_characters(characters: list[str]) -> tuple[str, str]:
    """Those of the characters that have a simplified form, and these forms, place by place, as `translate` takes them."""
    simple = {character: str(_simplifier().convert(character)) for character in characters}
    changed = [
        character
        for character in characters
        if simple[character] != character and len(simple[character]) == 1
    ]
    return "".join(changed), "".join(simple[character] for character in changed)


def fold_name(text: str) -> str:
    """One spelling for a name: NFKC; Chinese characters alone and simplified if there are any, else ASCII letters.

    A comma is kept, because it says that the family name comes first. What stands in brackets behind or within a name is an alias or a
    remark, and is left out.
    """
    text = unicodedata.normalize("NFKC", text)
    text = _BRACKETED.sub(" ", text) if _BRACKETED.sub("", text).strip() else text
    han = "".join(_HAN_PYTHON.findall(text))
    if han:
        return str(_simplifier().convert(han))
    return re.sub(r"[^a-z, ]+", "", re.sub(r"[-_/.·]", " ", str(anyascii(text)).lower())).strip()


def surname_reading(character: str) -> str:
    """Pinyin without tones of a character as a surname: 曾 is zeng, 单 is shan."""
    special = reference("chinese_names")["surname_readings"].get(character)
    return special or character_reading(character)


def character_reading(character: str) -> str:
    """Commonest pinyin of a character, without tone, ü as v."""
    return str(lazy_pinyin(character)[0])


@cache
def known_surnames() -> str:
    """Characters that are surnames, the commonest first."""
    names = reference("chinese_names")
    return "".join(dict.fromkeys(names["surnames"] + "".join(names["surname_readings"])))


def _register_characters(con: duckdb.DuckDBPyConnection) -> None:
    """Temp table han_characters: one row per distinct Chinese character in name_parts, with its readings."""
    rows = con.execute(
        f"""
        select distinct unnest(string_split(regexp_replace(part, '[^{HAN[1:-1]}]', '', 'g'), '')) as character
        from (select unnest([full_name, given_name, family_name]) as part from name_parts)
        where part is not null and regexp_matches(part, '{HAN}')
        order by 1
        """
    ).fetchall()
    characters = [character for (character,) in rows if character]
    simple = {character: str(_simplifier().convert(character)) for character in characters}
    every = sorted(set(characters) | set(simple.values()))
    con.execute(
        """
        create or replace temp table han_characters as
        select
            unnest($character::varchar[]) as character,
            unnest($reading::varchar[]) as reading,
            unnest($surname::varchar[]) as surname_reading
        """,
        {
            "character": every,
            "reading": [character_reading(character) for character in every],
            "surname": [surname_reading(character) for character in every],
        },
    )
    old, new = simplified_characters(characters)
    con.execute(f"create or replace temp macro simplified(name) as translate(name, '{old}', '{new}')")


def _register_surnames(con: duckdb.DuckDBPyConnection) -> None:
    """Temp table pinyin_surnames: reading and rank (1 is the commonest), so that "Zhang Wei" is read by likelihood."""
    known = known_surnames()
    con.execute(
        """
        create or replace temp table pinyin_surnames as
        select reading, min(rank) as rank
        from (select unnest($reading::varchar[]) as reading, unnest($rank::integer[]) as rank)
        group by reading
        """,
        {
            "reading": [surname_reading(character) for character in known],
            "rank": list(range(1, len(known) + 1)),
        },
    )


def _fold_uncommon(con: duckdb.DuckDBPyConnection) -> None:
    """Temp table folded_parts: distinct name parts that are neither plain ASCII nor short Chinese, folded by library."""
    con.execute(
        f"""
        create or replace temp table folded_parts as
        select distinct part as raw_part, null::varchar as folded_part
        from (select unnest([full_name, given_name, family_name]) as part from name_parts)
        where part is not null
          and not regexp_full_match(part, '[A-Za-z .,''-]*')
          and not regexp_full_match(part, '{HAN}{{1,5}}')
        """
    )
    values = [value for (value,) in con.execute("select raw_part from folded_parts").fetchall()]
    con.execute(
        """
        create or replace temp table folded_parts as
        select unnest($raw::varchar[]) as raw_part, unnest($folded::varchar[]) as folded_part
        """,
        {"raw": values, "folded": [fold_name(value) for value in values]},
    )


def _clean_parts_sql() -> str:
    """Each part lower case, letters and single spaces (Latin) or simplified characters (Chinese), without titles."""
    words = reference("words")
    titles = "|".join(words["titles"])
    chinese_titles = "|".join(words["chinese_titles"])

    def clean(column: str, alias: str) -> str:
        folded = f"coalesce({alias}.folded_part, parts.{column})"
        return f"""
            case
                when {folded} is null then null
                when regexp_matches({folded}, '{HAN}') then
                    nullif(regexp_replace(simplified({folded}), '(.)({chinese_titles})$', '\\1'), '')
                else nullif(trim(regexp_replace(regexp_replace(
                    lower(replace(replace({folded}, '''', ''), '.', ' ')), '[^a-z]+', ' ', 'g'),
                    '(^| )(({titles})( |$))+', ' ', 'g')), '')
            end as {column},"""

    return f"""
        select
            parts.name_raw,
            {clean("full_name", "f")}
            {clean("given_name", "g")}
            {clean("family_name", "s")}
            coalesce(parts.full_name, parts.given_name, parts.family_name) like '%,%' as has_comma,
        from name_parts as parts
        left join folded_parts as f on f.raw_part = parts.full_name
        left join folded_parts as g on g.raw_part = parts.given_name
        left join folded_parts as s on s.raw_part = parts.family_name
    """


def _split_sql() -> str:
    """Given and family part of each cleaned name; order by script, comma, particles and known Chinese surnames."""
    chinese = reference("chinese_names")
    compounds = literals(chinese["compound_surnames"])
    known = known_surnames()
    particles = "|".join(reference("words")["family_particles"])
    return f"""
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
                regexp_matches(coalesce(given_name, '') || coalesce(family_name, '') || coalesce(full_name, ''), '{HAN}')
                    as is_han,
            from cleaned
        ),
        cut as (
            select
                *,
                string_split(full_name, ' ') as tokens,
                replace(coalesce(full_name, ''), ' ', '') as han,
                given_surname.rank is not null and family_surname.rank is null
                    and regexp_full_match(family_name, '{PINYIN}') as is_pinyin_swapped,
                coalesce(first_token.rank < coalesce(last_token.rank, 9999), false)
                    and regexp_full_match(replace(full_name, ' ', ''), '{PINYIN}{PINYIN}') as is_pinyin_family_first,
            from whole
            left join pinyin_surnames as given_surname on given_surname.reading = whole.given_name
            left join pinyin_surnames as family_surname on family_surname.reading = whole.family_name
            left join pinyin_surnames as first_token on first_token.reading = string_split(full_name, ' ')[1]
            left join pinyin_surnames as last_token on last_token.reading = string_split(full_name, ' ')[-1]
        ),
        split as (
            select
                name_raw, is_han,
                case
                    when given_name is not null and is_han
                        and family_name not in ({compounds}) and length(family_name) > 1 and length(given_name) = 1
                        and contains('{known}', given_name) then family_name
                    when given_name is not null and is_han and length(given_name) > length(family_name)
                        and starts_with(given_name, family_name) then substr(given_name, length(family_name) + 1)
                    when given_name is not null and is_pinyin_swapped then family_name
                    when given_name is not null then given_name
                    when is_family_only and (is_han or len(tokens) = 1) then null
                    when is_han and length(han) = 1 then case when contains('{known}', han) then null else han end
                    when is_han and length(han) > 2 and left(han, 2) in ({compounds}) then substr(han, 3)
                    when is_han and contains('{known}', left(han, 1)) then substr(han, 2)
                    when is_han then han
                    when len(tokens) = 1 then full_name
                    when has_comma then array_to_string(tokens[2:], ' ')
                    when is_pinyin_family_first then array_to_string(tokens[2:], ' ')
                    when len(tokens) > 2 and regexp_matches(full_name, ' ({particles}) [^ ]+$')
                        then regexp_extract(full_name, '^(.*?) (({particles}) )+[^ ]+$', 1)
                    else array_to_string(tokens[:-2], ' ')
                end as given_part,
                case
                    when given_name is not null and is_han
                        and family_name not in ({compounds}) and length(family_name) > 1 and length(given_name) = 1
                        and contains('{known}', given_name) then given_name
                    when given_name is not null and is_pinyin_swapped then given_name
                    when given_name is not null then family_name
                    when is_family_only and (is_han or len(tokens) = 1) then full_name
                    when is_han and length(han) = 1 then case when contains('{known}', han) then han end
                    when is_han and length(han) > 2 and left(han, 2) in ({compounds}) then left(han, 2)
                    when is_han and contains('{known}', left(han, 1)) then left(han, 1)
                    when is_han then null
                    when len(tokens) = 1 then null
                    when has_comma then tokens[1]
                    when is_pinyin_family_first then tokens[1]
                    when len(tokens) > 2 and regexp_matches(full_name, ' ({particles}) [^ ]+$')
                        then regexp_extract(full_name, '^.*? ((({particles}) )+[^ ]+)$', 1)
                    else tokens[-1]
                end as family_part,
            from cut
        )
    """


def _reading_sql(part: str, alias: str, *, as_surname: bool) -> str:
    first = "surname_reading" if as_surname else "reading"
    rest = " || ".join(f"coalesce({alias}{n}.reading, '')" for n in range(2, 6))
    return f"case when is_han then coalesce({alias}1.{first}, '') || {rest} else replace({part}, ' ', '') end"


def _reading_joins(part: str, alias: str) -> str:
    return "\n".join(
        f"left join han_characters as {alias}{n} on split.is_han and {alias}{n}.character = substr({part}, {n}, 1)"
        for n in range(1, 6)
    )


def build_name_forms(con: duckdb.DuckDBPyConnection) -> None:
    """Make temp table name_forms from temp table name_parts (name_raw, full_name, given_name, family_name; distinct).

    Grain: one row per name_raw. Columns: given_key and family_key (Latin letters or pinyin without spaces),
    given_canon (nickname resolved), given_han and family_han (simplified characters, null for Latin names), name_exact (key of
    the spelling, order-free), name_sound (key of the sound, order-free), is_pinyin.
    """
    _register_characters(con)
    _fold_uncommon(con)
    compounds = reference("chinese_names")["compound_readings"]
    compound_case = " ".join(
        f"when family_part = '{han}' then '{reading}'" for han, reading in compounds.items()
    )
    nicknames = reference("nicknames")
    _register_surnames(con)
    con.execute(
        "create or replace temp table nicknames as select unnest($n::varchar[]) as nickname, unnest($g::varchar[]) as given",
        {"n": list(nicknames), "g": list(nicknames.values())},
    )
    con.execute(
        f"""
        create or replace temp table name_forms as
        with cleaned as ({_clean_parts_sql()}),
        {_split_sql()},
        keyed as (
            select
                name_raw, is_han,
                nullif({_reading_sql("given_part", "g", as_surname=False)}, '') as given_key,
                nullif(case {compound_case} else {_reading_sql("family_part", "f", as_surname=True)} end, '')
                    as family_key,
                case when not is_han then string_split(given_part, ' ')[1] end as given_first,
                case when is_han then nullif(given_part, '') end as given_han,
                case when is_han then nullif(family_part, '') end as family_han,
            from split
            {_reading_joins("given_part", "g")}
            {_reading_joins("family_part", "f")}
        ),
        judged as (
            select
                keyed.*,
                coalesce(is_han or (
                    regexp_full_match(given_key, '{PINYIN}') and regexp_full_match(family_key, '{PINYIN}')
                    and pinyin_surnames.rank is not null), false) as is_pinyin_name,
            from keyed
            left join pinyin_surnames on pinyin_surnames.reading = family_key
        )
        select
            name_raw, given_key, family_key, given_han, family_han,
            case when not is_pinyin_name then coalesce(nicknames.given, given_first, given_key) else given_key end
                as given_canon,
            case
                when is_han then coalesce(family_han, '') || coalesce(given_han, '')
                else array_to_string(list_sort([x for x in [given_key, family_key] if x is not null]), ' ')
            end as name_exact,
            nullif(array_to_string(list_sort([x for x in [given_key, family_key] if x is not null]), ' '), '')
                as name_sound,
            is_pinyin_name as is_pinyin,
        from judged
        left join nicknames on nicknames.nickname = given_first
        where given_key is not null or family_key is not null
        """
    )
