"""Birth dates, addresses and small attributes as SQL expressions over the customers shape.

Each function returns a DuckDB expression over the named column; nothing is executed here.
"""

from __future__ import annotations

from cdp_assets.identity.context import reference

_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"


def birth_key(column: str) -> str:
    """YYYYMMDD as text from a date or a text; null where there is no year of four digits or month and day to go with two.

    Read: ISO (with time or not), compact, month/day/year and, where only that is possible or with dots, day.month.year, days with the
    month's English name, years of two digits (up to 20: after 2000). An unknown day is 00, an unknown month and day 0000.
    Impossible days are kept as written: a typing error in a date is still evidence, so 19320931 stays.
    """
    text = f"regexp_replace(lower(trim(cast({column} as varchar))), '[/. ,]+', '-', 'g')"
    first, second = f"regexp_extract({text}, '^[0-9]+')", f"split_part({text}, '-', 2)"
    is_day_first = f"({first}::int > 12 or contains(cast({column} as varchar), '.')) and {second}::int <= 12"

    def padded(part: str) -> str:
        return f"lpad({part}, 2, '0')"

    def year(part: str) -> str:
        return f"case when length({part}) = 4 then {part} when {part} <= '20' then '20' || {part} else '19' || {part} end"

    def month(part: str) -> str:
        return padded(f"((position(left({part}, 3) in '{_MONTHS}') + 2) // 3)::varchar")

    def is_month(part: str) -> str:
        return f"(position(left({part}, 3) in '{_MONTHS}') - 1) % 3 = 0"

    third = f"regexp_extract({text}, '^[0-9]+-[0-9]+-([0-9]+)', 1)"
    return f"""
        case
            when {text} is null then null
            when regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}([-t].*)?')
                then left({text}, 4) || {padded(second)} || {padded(third)}
            when regexp_full_match({text}, '[0-9]{{8}}(-0)?') then left({text}, 8)
            when regexp_full_match({text}, '[0-9]{{1,2}}-[0-9]{{1,2}}-([0-9]{{4}}|[0-9]{{2}})([-t].*)?')
                then {year(third)} || case when {is_day_first} then {padded(second)} || {padded(first)}
                    else {padded(first)} || {padded(second)} end
            when regexp_full_match({text}, '[0-9]{{1,2}}-[a-z]{{3,9}}-([0-9]{{4}}|[0-9]{{2}})')
                and {is_month(second)}
                then {year(f"split_part({text}, '-', 3)")} || {month(second)} || {padded(first)}
            when regexp_full_match({text}, '[a-z]{{3,9}}-[0-9]{{1,2}}-[0-9]{{4}}')
                and {is_month(text)}
                then right({text}, 4) || {month(text)} || {padded(second)}
            when regexp_full_match({text}, '[12][0-9]{{3}}(-[0-9]{{1,2}})?')
                then left({text}, 4) || lpad({second}, 2, '0') || '00'
        end
    """


def words_of(column: str) -> str:
    """Letters of any script in lower case, without accents, and digits of a text; single spaces between words."""
    plain = f"translate({column}, '０１２３４５６７８９－＃øØłŁđĐı', '0123456789-#oOlLdDi')"
    for letter, spelt in (("ß", "ss"), ("æ", "ae"), ("œ", "oe")):
        plain = f"replace({plain}, '{letter}', '{spelt}')"
    return (
        f"nullif(trim(regexp_replace(lower(strip_accents({plain})), " + r"'[^\p{L}\p{N}]+', ' ', 'g')), '')"
    )


def address_words(column: str) -> str:
    """Words of a street address with the usual abbreviations (street → st, apartment → apt, Hauptstraße → hauptstr)."""
    words = f"regexp_replace({words_of(column)}, '([a-z]{{3}})strasse\\b', '\\1str', 'g')"
    expression = f"' ' || replace({words}, ' ', '  ') || ' '"
    for long, short in reference("words")["address"].items():
        expression = f"replace({expression}, ' {long} ', ' {short} ')"
    return f"nullif(trim(regexp_replace({expression}, ' +', ' ', 'g')), '')"


def postcode_key(column: str) -> str:
    """Letters and digits in upper case; ZIP+4 becomes its ZIP."""
    bare = f"upper(regexp_replace(cast({column} as varchar), '[^A-Za-z0-9-]', '', 'g'))"
    zip_code = f"regexp_replace({bare}, '^([0-9]{{5}})-[0-9]{{4}}$', '\\1')"
    return f"nullif(replace({zip_code}, '-', ''), '')"


def gender_key(column: str) -> str:
    """m or f; anything else is null."""
    cases = " ".join(f"when '{word}' then '{key}'" for word, key in reference("words")["genders"].items())
    return f"case lower(trim({column})) {cases} end"


def document_key(column: str) -> str:
    """Letters and digits of a document or card number, upper case."""
    return f"nullif(upper(regexp_replace(cast({column} as varchar), '[^A-Za-z0-9]', '', 'g')), '')"
