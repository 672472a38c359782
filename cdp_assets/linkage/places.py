"""Birth dates, addresses and small attributes as SQL expressions over the customers shape.

Each function returns a DuckDB expression over the named column; nothing is executed here.
"""

from __future__ import annotations

from cdp_assets.linkage.context import reference


def birth_key(column: str) -> str:
    """YYYYMMDD as text from a date or a text in ISO, compact or M/D/YYYY form; impossible days are kept as written.

    A typing error in a date is still evidence, so 19320931 stays; what is not eight digits becomes null.
    """
    text = f"trim(cast({column} as varchar))"
    return f"""
        case
            when regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}([ T].*)?')
                then lpad(split_part({text}, '-', 1), 4, '0') || lpad(split_part({text}, '-', 2), 2, '0')
                    || lpad(regexp_extract(split_part({text}, '-', 3), '^[0-9]+'), 2, '0')
            when regexp_full_match({text}, '[0-9]{{8}}') then {text}
            when regexp_full_match({text}, '[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}}')
                then split_part({text}, '/', 3) || lpad(split_part({text}, '/', 1), 2, '0')
                    || lpad(split_part({text}, '/', 2), 2, '0')
        end
    """


def words_of(column: str) -> str:
    """Lower case letters, digits and Chinese characters of a text, single spaces between words."""
    return (
        f"nullif(trim(regexp_replace(lower(strip_accents(translate({column}, '０１２３４５６７８９－＃', '0123456789-#'))), "
        r"'[^a-z0-9\x{3040}-\x{9fff}\x{ac00}-\x{d7af}]+', ' ', 'g')), '')"
    )


def address_words(column: str) -> str:
    """Words of a street address with the usual abbreviations (street → st, apartment → apt)."""
    expression = f"' ' || replace({words_of(column)}, ' ', '  ') || ' '"
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
