"""A sample's columns as a contract declares them: name, type, class and rules; and what the shapes ask of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain, count
from typing import Any

from anyascii import anyascii

from cdp_assets.drafting.keys import clocks_of, moment_of
from cdp_assets.drafting.part import Borrowed, Part
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.rows.conditions import FEW
from cdp_assets.drafting.times import Reading, all_zones, zones
from cdp_assets.drafting.words import RANKS, Words, apart, class_of, is_a
from cdp_assets.engine import scratch

SIGNS = 20_000  # position of the column of currency signs, which the file has not
CONTACT_PATTERN = r"[^@\s]+@[^@\s]+\.[^@\s]+|[+(]?[0-9][0-9 ()./-]{5,}"
OF_PERSONS = ("email:", "phone:", "full_name:", "given_name:", "family_name:")  # questions that name the role
_CJK = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


@dataclass(frozen=True)
class Field:
    """A column as it is declared, with its role; a borrowed one is in no contract of this export."""

    column: Column
    name: str
    role: str | None
    logical_type: str
    classification: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[str, ...] = ()
    borrowed: Borrowed | None = None
    is_made: bool = False  # of objects inside another column's cells: its name is SQL

    @property
    def is_number(self) -> bool:
        return self.logical_type in ("number", "integer")

    @property
    def is_time(self) -> bool:
        return self.logical_type in ("timestamp", "date")


@dataclass(frozen=True, kw_only=True)
class Table(Part):
    """One export of the channel, decided: its fields and the export's facts, beside all that is known of it."""

    channel: str
    fields: tuple[Field, ...]
    facts: Mapping[str, Any]
    words: Words
    rates: frozenset[str]
    currency: str | None = None  # of a sibling's sample, where this one names none

    def field(self, column: Column) -> Field:
        return next(each for each in self.fields if each.column.position == column.position)

    def name(self, column: Column) -> str:
        return self.field(column).name

    def first(self, *roles: str, types: Sequence[str] = ()) -> Field | None:
        """The first filled field of these roles and types, in the order of the roles."""
        for role in roles:
            for each in self.all(role):
                if not each.column.is_blank and (not types or each.logical_type in types):
                    return each
        return None

    def all(self, *roles: str) -> list[Field]:
        found = [each for each in self.fields if each.role in roles]
        return sorted(found, key=lambda f: (f.column.is_blank, f.column.header.count(".")))

    def text(self, *roles: str) -> str | None:
        """The name of the first filled text of these roles."""
        found = self.first(*roles, types=("string",))
        return found.name if found else None

    def time(self, *roles: str) -> Field | None:
        column = moment_of(self.roles, self.keys, self.words, *roles)
        return self.field(column) if column else None

    @property
    def moment(self) -> Field | None:
        return self.field(self.keys.moment) if self.keys.moment else None

    @property
    def contract_fields(self) -> list[Field]:
        return [each for each in self.fields if each.borrowed is None and not each.is_made]

    def words_of(self, each: Field) -> list[str]:
        """The few different words of a field whose words are translated; none where it is no such field."""
        return each.column.distinct if len(each.column.distinct) <= FEW else []


def declare(channel: str, part: Part, words: Words, rates: frozenset[str], currency: str | None) -> Table:
    """Give every column its name, type and class, and the export its facts."""
    clocks = clocks_of(part.roles)
    taken: set[str] = set()
    own = [column for column in part.roles.columns if column.position not in part.objects]
    fields = [_field(column, part, clocks, taken, words) for column in own]
    fields += [*_sign_field(part, taken), *_made_fields(part, fields)]
    zone_facts, zone_questions = _zone_column(fields)
    naive = [f.name for f in fields if f.logical_type == "timestamp" and _is_naive(f) and not f.borrowed]
    facts: dict[str, Any] = {
        "filePattern": part.profile.sample.file_pattern,
        **part.profile.facts,
        **zone_facts,
    }
    if naive and not zone_facts:
        zone = _zone_of(part, words, currency)
        facts |= {"timeZone": zone} if zone else {}
        zone_questions.append(
            f"timeZone: {', '.join(naive)} name no zone, they are taken as {zone or 'UTC'}; set the channel's own"
        )
    facts |= _delivery(part, fields)
    parts = (part, part.profile, part.rows, part.keys, part.money)
    said = [*chain.from_iterable(each.questions for each in parts), *zone_questions]
    return Table(
        **{**vars(part), "questions": tuple(_with_names(question, fields) for question in said)},
        channel=channel,
        fields=tuple(
            replace(f, questions=tuple(_with_names(question, fields) for question in f.questions))
            for f in fields
        ),
        facts=facts,
        words=words,
        rates=rates,
        currency=currency,
    )


def _zone_of(part: Part, words: Words, currency: str | None) -> str | None:
    """The time zone of the country that the sample's language, or that and its currency, tell."""
    codes = [c.distinct[0] for c in part.roles.all("currency") if len(c.distinct) == 1]
    headers = [column.header for column in part.profile.columns]
    return words.country_fact("time_zone", headers, next(iter(codes), part.profile.currency or currency))


def _made_fields(part: Part, fields: Sequence[Field]) -> Iterator[Field]:
    """Numbers that objects inside cells add up to."""
    names = {each.column.position: each.name for each in fields}
    for column in part.roles.columns:
        if objects := part.objects.get(column.position):
            role = part.money.meaning.get(column.position)
            sql = objects.sql(names[objects.source.position])
            yield Field(column, sql, role, "number", "internal", is_made=True)


def _sign_field(part: Part, taken: set[str]) -> list[Field]:
    """A column of its own for the currency signs that differ by row and that landing takes off the amounts."""
    signed = [
        c for c in part.profile.columns if len(set(c.signs)) > 1 and len(set(map(signs_of, c.filled))) > 1
    ]
    if not signed or part.roles.has("currency"):
        return []
    source = signed[0]
    texts = tuple(signs_of(text) for text in source.texts)
    made = replace(
        source,
        position=SIGNS,
        says="currency",
        texts=texts,
        bare=tuple(filter(None, texts)),
        numbers=(),
        decimals=None,
    )
    facts = {"sourceColumns": [source.header], "strip": ["only_sign"]}
    said = f"currency_sign: the signs of {source.header!r} differ by row and land as a column of their own"
    return [Field(made, _unique("currency_sign", taken), "currency", "string", "public", facts, (said,))]


def signs_of(text: str) -> str:
    """What stands around a number."""
    return re.sub(r"[0-9.,()+'\s-]", "", text)


def _with_names(question: str, fields: Sequence[Field]) -> str:
    """A question that quotes headers with the columns' names before them."""
    quoted = {
        repr(each.column.header): each.name
        for each in fields
        if each.column.header and each.name != each.column.header and not each.is_made
    }
    found = [header for header in quoted if header in question]
    pattern = "|".join(re.escape(header) for header in sorted(found, key=len, reverse=True))
    return (
        re.sub(pattern, lambda match: f"{quoted[match.group()]} ({match.group()})", question)
        if found
        else question
    )


def column_name(header: str, role: str | None = None) -> str:
    """Our snake_case ASCII name for a header text; a Chinese or Japanese one is named by its meaning, else spelled."""
    if role and _CJK.search(header):
        return role
    spaced = re.sub("(?=[\u4e00-\u9fff])", "_", apart(header, "_"))  # each Chinese sign is a syllable
    marked = anyascii(spaced).lower().replace("%", " percent ").replace("#", " number ")
    name = re.sub(r"[^0-9a-z]+", "_", marked).strip("_") or "column"
    name = (name if name[0].isalpha() else f"column_{name}")[:60].rstrip("_")
    return f"{name}_column" if name in _reserved_words() else name


@cache
def _reserved_words() -> set[str]:
    """Words that SQL would not take as a column's name without quotes."""
    with scratch() as con:
        rows = con.execute(
            "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
        ).fetchall()
    of_yaml = {"no", "yes", "on", "off", "y", "n", "null", "true", "false"}
    return {str(row[0]) for row in rows} | of_yaml


def _unique(name: str, taken: set[str]) -> str:
    """The name, numbered where it is taken; taken from now on."""
    found = next(each for each in chain([name], (f"{name}_{i}" for i in count(2))) if each not in taken)
    taken.add(found)
    return found


def _field(
    column: Column, part: Part, clocks: Mapping[int, tuple[Column, str]], taken: set[str], words: Words
) -> Field:
    roles, lent = part.roles, part.borrowed.get(column.position)
    role = part.money.meaning.get(column.position, roles.role(column))
    name = _unique(
        (f"{lent.export}_" if lent else "") + column_name(column.header, role or column.says), taken
    )
    logical_type, facts, questions = _typed(column, role)
    if column.position in clocks and logical_type == "date" and role != "birth_date":
        logical_type, joined, said = _joined(column, *clocks[column.position])
        facts, questions = facts | joined, [*questions, said]
    given = roles.by_position[column.position]
    has_weekday = column.time and column.time.has_weekday and "formats" in facts
    strips = [*column.strips, *(["weekday"] if has_weekday else [])]
    extra: dict[str, Any] = {"strip": strips} if strips else {}
    extra |= {"occurrence": column.occurrence} if column.occurrence > 1 else {}
    extra |= {"sourceColumns": list(given.source_headers)} if given.source_headers else {}
    extra |= {"fillDown": True} if column.position in part.keys.filled_down or column.is_continued else {}
    if logical_type == "string" and column.has_number_cells and not column.is_blank:
        extra["numberAsText"] = True
        questions.append(
            "the workbook holds numbers where text is meant; they land as text (numberAsText), "
            "but leading zeros are lost already: have the column exported as text"
        )
    if not column.header:
        questions.append("the header text is blank although the column is filled")
    if given.question:
        questions.append(given.question)
    classification = _class_of_elements(column, roles.class_of(column), words)
    named = tuple(q if q.startswith(OF_PERSONS) else f"{name}: {q}" for q in questions)
    return Field(column, name, role, logical_type, classification, {**extra, **facts}, named, lent)


def _class_of_elements(column: Column, classification: str, words: Words) -> str:
    """The objects inside a cell are as personal as the most personal of their keys."""
    found = [class_of(role) for key in column.elements if (role := words.role_of(key))]
    return max([classification, *found], key=RANKS.index)


_FLAGS = {"true", "yes", "y", "t", "1", "false", "no", "n", "f", "0"}  # what landing reads by itself


def _typed(column: Column, role: str | None) -> tuple[str, dict[str, Any], list[str]]:
    """The logical type, its facts, and questions."""
    if column.is_blank or column.elements or is_a(role, "text"):
        return "string", {}, []
    is_bit = is_a(role, "flag") or role == "consent"
    if column.flags is not None or (is_bit and set(column.distinct) <= {"0", "1"}):
        yes, no = column.flags or ((), ())
        is_known = {text.lower() for text in column.distinct} <= _FLAGS
        return "boolean", {} if is_known else {"trueValues": list(yes), "falseValues": list(no)}, []
    if column.time is not None and not is_a(role, "money", "number"):
        return _time_type(column.header, column.time, role)
    return _number_type(column, role)


def _time_type(header: str, reading: Reading, role: str | None) -> tuple[str, dict[str, Any], list[str]]:
    """The same for a column of dates or times."""
    facts: dict[str, Any] = {"formats": list(reading.formats)}
    facts |= {"monthNames": list(reading.months)} if reading.months else {}
    facts |= {"timeZone": reading.zone} if reading.zone and role != "birth_date" else {}
    doubt = [reading.doubt] if reading.doubt else []
    if reading.zone == "America/Chicago" and re.search(r"\bCST\b", header):
        doubt.append("CST is taken as US Central; China Standard Time is Asia/Shanghai")
    return "date" if role == "birth_date" else reading.kind, facts, doubt


def _number_type(column: Column, role: str | None) -> tuple[str, dict[str, Any], list[str]]:
    digits = column.decimals
    if digits is None:
        is_amount = is_a(role, "money") and role != "refund_amount"
        return "string", {}, ["by its name an amount, but not all texts are numbers"] if is_amount else []
    different = set(column.bare)
    longest = max(len(re.sub(r"\D", "", text)) for text in different)
    if longest > 17 or any(re.match(r"^[+-]?0\d", text) for text in different):
        return "string", {}, []  # a number by its looks, an id by its zeros or length
    if digits == 0 and not is_a(role, "money") and role != "quantity":
        return "integer", {}, []
    is_whole = is_a(role, "money") and role not in ("unit_price", "unit_cost", "line_amount")
    scale = 2 if is_whole and digits <= 2 else 6 if digits <= 6 else min(digits, 12)
    said = [f"up to {digits} decimals were seen; choose the scale to keep"] if digits > 6 else []
    return "number", {"scale": scale}, said


def _joined(day: Column, clock: Column, format_: str) -> tuple[str, dict[str, Any], str]:
    formats = [f"{each} {format_}" for each in (day.time.formats if day.time else ())]
    formats += list(day.time.formats) if day.time and not clock.is_filled else []
    said = f"joined from {day.header!r} and {clock.header!r} by sourceColumns"
    return "timestamp", {"sourceColumns": [day.header, clock.header], "formats": formats}, said


def _is_naive(each: Field) -> bool:
    is_joined = len(each.facts.get("sourceColumns", [])) == 2
    return "timeZone" not in each.facts and bool(
        is_joined or (each.column.time and each.column.time.is_naive)
    )


def _zone_column(fields: Sequence[Field]) -> tuple[dict[str, Any], list[str]]:
    """Naive times get the zone that a column names on each row, where all its names are known."""
    is_needed = any(_is_naive(other) for other in fields if other.logical_type == "timestamp")
    for each in fields if is_needed else ():
        names = set(each.column.distinct)
        if each.role != "time_zone" or not names:
            continue
        is_iana = names <= all_zones() and not names & zones().keys()
        if not is_iana and not names <= zones().keys():
            said = (
                f"{each.name}: names a zone on each row; set timeZoneColumn, and timeZoneNames for its words"
            )
            return {}, [said]
        facts = {"timeZoneColumn": each.name} | ({} if is_iana else {"timeZoneNames": dict(zones())})
        blank = "" if each.column.is_filled else "; rows that name none go to quarantine"
        return facts, [
            f"timeZoneColumn: times are read in the zone that {each.name} names on each row{blank}"
        ]
    return {}, []


def _delivery(part: Part, fields: Sequence[Field]) -> dict[str, Any]:
    keys, names = part.keys, {each.column.position: each.name for each in fields}
    replaced = "period" if part.profile.sample.has_period else "file_name"
    facts: dict[str, Any] = {"delivery": "append", "replaces": replaced}
    if keys.key:
        facts = {"delivery": "delta", "replaces": "key", "rowsPerKey": keys.rows_per_key, **_version(fields)}
    if keys.order:
        facts["onErasure"] = (
            "blank"  # its rows bear money: they stay, without a person who asked to be forgotten
        )
    if keys.order and (keys.filled_down or keys.order.is_continued):
        facts["fillDownKey"] = names[keys.order.position]
    if keys.contacts:
        facts["naturalKeys"] = [_of_contacts(part, [names[column.position] for column in keys.contacts])]
    return facts


def _version(fields: Sequence[Field]) -> dict[str, str]:
    """The column that says which of two rows of a key is newer, where the file has one itself."""
    versions = [f for f in fields if f.role == "updated_at" and f.logical_type == "timestamp"]
    return next(({"versionColumn": f.name} for f in versions if not f.borrowed), {})


def _of_contacts(part: Part, columns: list[str]) -> dict[str, Any]:
    """The natural key that contacts make, which a handle is without looking like one."""
    is_handle = any(part.roles.role(column) == "named_handle" for column in part.keys.contacts)
    return {"name": "customer", "columns": columns, **({} if is_handle else {"pattern": CONTACT_PATTERN})}
