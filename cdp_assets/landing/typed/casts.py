"""SQL that turns delivered text into typed values by rule: clean, check the pattern, only then cast.

Every function returns a SQL expression over text expressions. No file and no connection belongs here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cdp_assets.landing.contract import Column, ContractProblem, Export, Strip
from cdp_assets.sql_text import escaped, identifier, literal

SPACES = " \u00a0\u202f"  # one may stand for another between digits, as the French write them
WHITESPACE = "\t\r\n\u3000" + SPACES
# What spreadsheets leave of a long id: its digits are lost, so that two ids look like one; and of a formula that failed.
SCIENTIFIC = r"[+-]?[0-9]([.,][0-9]+)?[eE][+][0-9]{1,3}"
# An id that a spreadsheet took for a day: as it shows one, or the day's number with the hour behind the point (5 digits as it shows
# them, 11 and more as it keeps them; a browser's id has 10).
SPREADSHEET_DATE = (
    r"([1-9]|[12][0-9]|3[01])-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(-[0-9]{2,4})?"
    r"|(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-[0-9]{2}|[2-6][0-9]{4}[.]([0-9]{0,4}[1-9]|[0-9]{10,}[1-9])"
)
DECIMAL_ID = "[0-9]{6,}[.]0+"  # a number that a spreadsheet or a data frame took for an amount
SPREADSHEET_ERROR = r"#(REF!|N/A|NAME[?]|VALUE!|DIV/0!|NUM!|NULL!|#+)"
EARLIEST, LATEST = "timestamp '1900-01-01'", "timestamp '2200-01-01'"
EXCEL_SERIAL = "excel_serial"
EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}  # microseconds per unit
_DIRECTIVES = {
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%m": "[0-9]{1,2}",
    "%d": "[0-9]{1,2}",
    "%H": "[0-9]{1,2}",
    "%I": "[0-9]{1,2}",
    "%M": "[0-9]{1,2}",
    "%S": "[0-9]{1,2}",
    "%p": "[AaPp][Mm]",
    "%f": "[0-9]{1,9}",
    "%n": "[0-9]{7,9}",
    "%g": "[0-9]{1,3}",
    "%z": "(Z|[+-][0-9]{2}:?[0-9]{2})",
    "%b": "[A-Za-z]{3}",
    "%B": "[A-Za-z]{3,9}",
    "%a": "[A-Za-z]{3}",
    "%A": "[A-Za-z]{6,9}",
    "%%": "%",
}
# formats of which DuckDB's cast reads what strptime reads, in a third of the time
_ISO = re.compile("%Y-%m-%d([ T]%H:%M(:%S(%z)?)?)?")


sql_text = literal  # as drafting calls it


@dataclass(frozen=True)
class CastColumn:
    """One column's SQL, each over the one before: the trimmed text, the cleaned text (both as `text_name`), the value, and the
    reason code (null: good)."""

    name: str
    text_name: str
    trimmed: str
    text: str
    value: str
    reason: str | None


def text_column(name: str) -> str:
    """Name of a column's cleaned text beside its value; no contract column can begin with an underscore."""
    return f"_text_{name}"


def cast_column(export: Export, column: Column, raw: str) -> CastColumn:
    """SQL for one column, whose delivered text is the expression `raw`; a column that the file lacks has raw `null`."""
    text_name = text_column(column.name)
    name = identifier(text_name)
    text = clean(name, _null_tokens(export, column), column.facts.strip, export.facts.currency_symbols)
    value, check = _value(export, column, name)
    rules = _zone_rules(export, column, name)
    reasons = _reasons(column, name, identifier(column.name), check, rules)
    return CastColumn(column.name, text_name, trim(raw), text, value, reasons)


def trim(raw: str) -> str:
    """The text without white space around it."""
    # Most texts begin with a printable ASCII character and have no space at the end; asking that first costs a ninth of trimming.
    ends = " or ".join(f"suffix({raw}, {literal(space)})" for space in WHITESPACE)
    return f"case when {raw} between '!' and '~' and not ({ends}) then {raw} else trim({raw}, {literal(WHITESPACE)}) end"


def clean(text: str, null_tokens: list[str], strips: list[Strip], symbols: list[str]) -> str:
    """Trimmed text (a column: it is repeated) with decorations removed, null where it is empty or a null token."""
    if null_tokens:
        tokens = ", ".join(literal(token.strip(WHITESPACE)) for token in null_tokens)
        text = f"case when {text} not in ({tokens}) then {text} end"
    for strip in strips:
        text = _strip(text, strip, symbols)
    return f"nullif({text}, '')"


def _null_tokens(export: Export, column: Column) -> list[str]:
    return export.facts.null_tokens if column.facts.null_tokens is None else column.facts.null_tokens


def _strip(text: str, strip: Strip, symbols: list[str]) -> str:
    any_symbol = "(?:" + "|".join(re.escape(each) for each in sorted(symbols, key=len, reverse=True)) + ")"
    any_symbol = escaped(any_symbol)
    space = rf"[\s{SPACES}]*"  # the pattern's own \s knows ASCII only
    replacements = {
        "apostrophe": [("^[''`]", "")],
        "quotes": [(rf'^"(.*)"{space}$', r"\1"), (rf"{space}$", "")],
        "tab": [(r"^\t+", "")],
        "excel_text": [('^="(.*)"$', r"\1")],
        "currency": [
            (r"^\((.*)\)$", r"-\1"),
            (rf"^([+-]?){space}" + any_symbol + space, r"\1"),
            (space + any_symbol + "$", ""),
        ],
        "only_sign": [(rf"[0-9.,()+'' {SPACES}-]", "")],
        "trailing_minus": [(r"^([0-9].*[0-9])-$", r"-\1"), ("^([0-9])-$", r"-\1")],
        "percent": [(rf"{space}%$", "")],
        "weekday": [(r"^\pL{2,}\.?,? +", "")],
        "decimal_zero": [(r"^([0-9]+)\.0+$", r"\1")],
        "country_code_86": [("[ -]", ""), (r"^(\+|00)?86(1[0-9]{10})$", r"\2")],
    }[strip]
    for pattern, replacement in replacements:
        options = ", 'g'" if pattern.startswith("[") else ""
        text = f"regexp_replace({text}, '{pattern}', '{replacement}'{options})"
    return text


def _value(export: Export, column: Column, text: str) -> tuple[str, str | None]:
    """The value expression, and the reason code of a text that gives no value (None: every text does)."""
    if column.logical_type == "string":
        return text, None
    if column.logical_type == "integer":
        number = _plain_number(export, text)
        return (
            f"try_cast(case when regexp_full_match({number}, '[+-]?[0-9]{{1,18}}') then {number} end as bigint)",
            "not_an_integer",
        )
    if column.logical_type == "number":
        number = _plain_number(export, text)
        pattern = f"[+-]?([0-9]{{1,{18 - column.scale}}}([.][0-9]{{0,{column.scale}}}0*)?|[.][0-9]{{1,{column.scale}}}0*)"
        return (
            f"try_cast(case when regexp_full_match({number}, '{pattern}') then {number} end as {column.sql_type})",
            "not_a_number",
        )
    if column.logical_type == "boolean":
        listed = [
            ", ".join(literal(v.lower()) for v in vs)
            for vs in (column.facts.true_values, column.facts.false_values)
        ]
        return (
            f"case when lower({text}) in ({listed[0]}) then true when lower({text}) in ({listed[1]}) then false end",
            "not_a_boolean",
        )
    return _time(export, column, text)


def _plain_number(export: Export, text: str) -> str:
    """Text with the declared thousands marks removed (only where they group by three) and a decimal point."""
    facts = export.facts
    number = text
    if facts.thousands_mark:
        marks = SPACES if facts.thousands_mark == " " else facts.thousands_mark
        point = re.escape(facts.decimal_mark)
        grouped = escaped(f"[+-]?[0-9]{{1,3}}([{marks}][0-9]{{3}})+({point}[0-9]*)?")
        bare = f"translate({text}, {literal(marks)}, '')"
        number = f"case when regexp_full_match({text}, '{grouped}') then {bare} else {text} end"
    if facts.decimal_mark == ",":
        number = f"case when contains({number}, '.') then null else replace({number}, ',', '.') end"
    return f"({number})"


def _time(export: Export, column: Column, text: str) -> tuple[str, str]:
    if not column.facts.formats:
        raise ContractProblem(
            f"a {column.logical_type} needs formats",
            f"export {export.name}, column {column.name}",
            "give some, such as customProperties: [{property: formats, value: ['%Y-%m-%d']}]",
        )
    branches = [_time_branch(export, column, text, each) for each in column.facts.formats]
    instant = f"case {' '.join(branches)} end"
    kind = "not_a_date" if column.logical_type == "date" else "not_a_time"
    return f"({instant})::{column.sql_type}", kind


def _time_branch(export: Export, column: Column, text: str, format_: str, *, is_local: bool = False) -> str:
    if format_ in EPOCHS:
        digits = 16 - len(str(EPOCHS[format_])) + 1
        number = f"try_cast({text} as bigint) * {EPOCHS[format_]}"
        return f"when regexp_full_match({text}, '[0-9]{{1,{digits}}}') then make_timestamp({number})"
    if format_ == EXCEL_SERIAL:
        return _serial_branch(export, column, text, is_local=is_local)
    text = _with_numbered_months(text, column)
    directives = _DIRECTIVES
    if _ISO.fullmatch(format_):  # read by the engine's own cast, which takes 24 for an hour
        directives = _DIRECTIVES | {"%H": "([01]?[0-9]|2[0-3])"}
        instant = f"try_cast({text} as {'timestamptz' if '%z' in format_ else 'timestamp'})"
    else:
        normal = f"regexp_replace({text}, 'Z$', '+0000')" if format_.endswith("%z") else text
        instant = f"try_strptime({normal}, {literal(format_)})"
    pattern = "".join(directives.get(part, escaped(re.escape(part))) for part in re.split("(%.)", format_))
    if "%z" in format_:
        instant = f"({instant} at time zone 'UTC')"
    elif not is_local and column.logical_type == "timestamp" and (zone := time_zone_sql(export, column)):
        instant = f"timezone('UTC', timezone({zone}, {instant}))"
    return f"when regexp_full_match({text}, '{pattern}') then {instant}"


def _serial_branch(export: Export, column: Column, text: str, *, is_local: bool) -> str:
    """A spreadsheet's count of days since the end of 1899; its fraction is the clock time, to the second."""
    days = f"try_cast(replace({text}, ',', '.') as double)"
    instant = f"timestamp '1899-12-30' + to_seconds(cast(round({days} * 86400) as bigint))"
    if not is_local and column.logical_type == "timestamp" and (zone := time_zone_sql(export, column)):
        instant = f"timezone('UTC', timezone({zone}, {instant}))"
    return f"when regexp_full_match({text}, '[0-9]{{1,6}}([.,][0-9]{{1,10}})?') then {instant}"


def _with_numbered_months(text: str, column: Column) -> str:
    """A time's text with the names of months, which no format reads but in English, as numbers."""
    names = column.facts.month_names
    if names and len(names) != 12:
        raise ContractProblem(
            f"monthNames are {len(names)}", f"column {column.name}", "give twelve, January first"
        )
    for number, name in enumerate(names, start=1):
        words = "|".join(map(re.escape, name.split("|")))
        pattern = rf"(?i)(^|\PL)(?:{words})\pL*\.?"
        text = f"regexp_replace({text}, {literal(pattern)}, '\\1{number}')"
    return text


def time_zone_sql(export: Export, column: Column) -> str | None:
    """SQL for the IANA zone of a column's naive times; None where they are UTC already."""
    facts = export.facts
    if column.facts.time_zone:
        return None if column.facts.time_zone == "UTC" else literal(column.facts.time_zone)
    if facts.time_zone_column:
        text = identifier(text_column(facts.time_zone_column))
        if not facts.time_zone_names:
            return f"(case when {text} in (select name from pg_timezone_names()) then {text} end)"
        branches = " ".join(f"when {literal(n)} then {literal(z)}" for n, z in facts.time_zone_names.items())
        return f"(case {text} {branches} end)"
    return None if facts.time_zone == "UTC" else literal(facts.time_zone)


def has_naive_times(column: Column) -> bool:
    """Whether a column's zone comes from the contract, so that local times can be missing or ambiguous."""
    return column.logical_type == "timestamp" and any(
        "%z" not in each and each not in EPOCHS for each in column.facts.formats
    )


def _zone_rules(export: Export, column: Column, text: str) -> list[tuple[str, str]]:
    """Rules for naive times in a zone: the zone must be known, and the local time must have existed."""
    zone = time_zone_sql(export, column)
    if zone is None or not has_naive_times(column):
        return []
    naive = [each for each in column.facts.formats if "%z" not in each and each not in EPOCHS]
    local = " ".join(_time_branch(export, column, text, each, is_local=True) for each in naive)
    back = f"timezone({zone}, timezone('UTC', {identifier(column.name)}))"
    return [
        (f"{text} is not null and {zone} is null", "unknown_time_zone"),
        (f"(case {local} end) <> {back}", "nonexistent_local_time"),
    ]


def _matches(sign: str, text: str, pattern: str) -> str:
    """Whether a text matches a pattern, asked only where its cheap sign is there: most values of most files show none."""
    return f"(case when {sign} then regexp_full_match({text}, {literal(pattern)}) else false end)"


def _reasons(
    column: Column, text: str, value: str, check: str | None, zone_rules: list[tuple[str, str]]
) -> str | None:
    """A case expression: the first rule that the value breaks, else null; None where no rule can break."""
    rules: list[tuple[str, str]] = []
    if column.required:
        rules.append((f"{text} is null", "required_value_missing"))
    rules += zone_rules[:1]
    if column.is_id:
        rules += [
            (_matches(f"contains({text}, '+')", text, SCIENTIFIC), "id_in_scientific_notation"),
            (_matches(f"starts_with({text}, '#')", text, SPREADSHEET_ERROR), "spreadsheet_error"),
            (
                _matches(
                    f"length({text}) < 24 and contains(translate({text}, '.', '-'), '-')",
                    text,
                    SPREADSHEET_DATE,
                ),
                "id_turned_into_a_date",
            ),
            (
                _matches(f"suffix({text}, '0') and contains({text}, '.')", text, DECIMAL_ID),
                "id_with_decimals",
            ),
        ]
    if check:
        rules.append((f"{text} is not null and {value} is null", check))
    rules += zone_rules[1:]
    if column.logical_type in ("date", "timestamp"):
        rules.append((f"{value} not between {EARLIEST} and {LATEST}", "impossible_date"))
    options = column.logical_type_options
    if options.pattern:
        rules.append((f"not regexp_full_match({text}, {literal(options.pattern)})", "pattern_not_met"))
    if options.max_length is not None:
        rules.append((f"length({text}) > {options.max_length}", "too_long"))
    if options.minimum is not None:
        rules.append((f"{value} < {options.minimum}", "below_minimum"))
    if options.maximum is not None:
        rules.append((f"{value} > {options.maximum}", "above_maximum"))
    if column.facts.allowed_values:
        allowed = ", ".join(literal(each) for each in column.facts.allowed_values)
        rules.append((f"{text} not in ({allowed})", "value_not_allowed"))
    if not rules:
        return None
    return "case " + " ".join(f"when {rule} then '{code}'" for rule, code in rules) + " end"
