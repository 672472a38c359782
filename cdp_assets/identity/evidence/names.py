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
from cdp_assets.sql_text import from_file, literals

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
    parts = _HAN_PYTHON.findall(text)
    if len(parts) == 2 and len(parts[1]) == 1 < len(parts[0]) and _is_surname_behind(*parts):
        parts = parts[::-1]
    han = "".join(parts)
    if han:
        return str(_simplifier().convert(han))
    return re.sub(r"[^a-z, ]+", "", re.sub(r"[-_/.·]", " ", str(anyascii(text)).lower())).strip()


def _is_surname_behind(first: str, last: str) -> bool:
    """True for 小明 王: the family name stands behind, as in the West."""
    return last in known_surnames() and first[0] not in known_surnames()


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


def build_name_forms(con: duckdb.DuckDBPyConnection) -> None:
    """Make temp table name_forms from temp table name_parts (name_raw, full_name, given_name, family_name; distinct).

    Grain: one row per name_raw. Columns: given_key and family_key (Latin letters or pinyin without spaces),
    given_canon (nickname resolved), given_han and family_han (simplified characters, null for Latin names), name_exact (key of
    the spelling, order-free), name_sound (key of the sound, order-free), is_pinyin, name_generation
    (1 of Sr., 2 of Jr. and II, and so on; null where the name says none).
    """
    _register_characters(con)
    _fold_uncommon(con)
    chinese, words = reference("chinese_names"), reference("words")
    compound_case = " ".join(
        f"when family_part = '{han}' then '{reading}'"
        for han, reading in chinese["compound_readings"].items()
    )
    nicknames = reference("nicknames")
    _register_surnames(con)
    con.execute(
        "create or replace temp table nicknames as select unnest($n::varchar[]) as nickname, unnest($g::varchar[]) as given",
        {"n": list(nicknames), "g": list(nicknames.values())},
    )
    con.execute(
        from_file(
            __name__,
            "name_forms",
            han=HAN,
            pinyin=PINYIN,
            known=known_surnames(),
            compounds=literals(chinese["compound_surnames"]),
            particles="|".join(words["family_particles"]),
            titles="|".join(words["titles"]),
            generations=words["generations"],
            chinese_titles="|".join(words["chinese_titles"]),
            compound_case=compound_case,
        )
    )
