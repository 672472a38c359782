"""Which rows of a file belong to somebody who asked to be forgotten: keyed hashes of what the row says, compared in sets.

A row is hers by a natural key or record key, by an id that the channel gave her, by an e-mail or a number in any cell that may hold one
(inside longer text too), by an order that was hers, or by an identifier that others share together with her name. Of a row that cannot be
taken apart the raw text is searched, and of one whose cells are not what their columns say (they slipped), those cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import duckdb

from cdp_assets.keys import SEPARATOR_SQL as MARK
from cdp_assets.landing.contract import Column, Export
from cdp_assets.landing.readers.inspection import Inspected, Rows
from cdp_assets.landing.suppression.identifiers import (
    DASHES,
    DIGITS,
    EMAIL_PATTERN,
    ESCAPED,
    FAR_APART,
    FAR_DIGITS,
    FAR_PATTERN,
    MARKUP,
    NUMBER_PATTERN,
    PLAIN,
    SPACES,
    SUPPRESS,
    UNSEEN,
    WIDE,
    plain_text,
)
from cdp_assets.landing.typed.casts import text_column
from cdp_assets.landing.typed.verdicts import judged_rows
from cdp_assets.mailbox import mailbox_sql
from cdp_assets.sql_text import identifier, literal

RAW_FORMATS = ("json", "ndjson")
RAW, SLIPPED = "_text_raw", "_text_slipped"
AROUND_IDS = " '=\""


@dataclass(frozen=True)
class Held:
    """A column of an export whose value must stay in the rows of some people although they are suppressed: a tax record's name."""

    channel: str
    export: str
    column: str
    pseudonyms: tuple[str, ...]


@dataclass(frozen=True)
class Suppressed:
    """Keyed hashes of everybody who is suppressed, which kinds of them there are, and what of whom is on hold."""

    pseudonyms: list[str]
    kinds: frozenset[str] = frozenset()
    holds: tuple[Held, ...] = ()

    def holds_of(self, channel: str, export: str) -> tuple[Held, ...]:
        """The holds on columns of one export."""
        return tuple(each for each in self.holds if (each.channel, each.export) == (channel, export))

    def __bool__(self) -> bool:
        return bool(self.pseudonyms)


@dataclass(frozen=True)
class Matches:
    """First lines of the rows that are hers, and of those among them: which cannot be taken apart, in which another's natural key stands (she
    is named in it), which she bought for somebody else, and which somebody else bought for her.

    cells: line → columns that are no person's, and hold an address or a number of hers all the same; quoting: lines that are somebody else's and
    mention her, and the columns that do.
    """

    lines: list[int] = field(default_factory=list)
    cells: Mapping[int, frozenset[str]] = field(default_factory=dict)
    quoting: Mapping[int, frozenset[str]] = field(default_factory=dict)
    unreadable: frozenset[int] = frozenset()
    of_others: frozenset[int] = frozenset()
    keeping_recipient: frozenset[int] = frozenset()
    keeping_buyer: frozenset[int] = frozenset()


@dataclass(frozen=True)
class RowTests:
    """SQL over table `sieved`: whether a row is hers, and whether its recipient, or its buyer, is somebody else, who stays.

    names_her: column that is no person's → whether its cell holds an address or a number of hers; has_slipped: whether such a text stands where
    none belongs; quotes: whether the row is somebody else's, and mentions an address or a number of hers inside a text; quoting: column → whether it does.
    """

    is_hers: str
    quotes: str = "false"
    quoting: Mapping[str, str] = field(default_factory=dict)
    names_her: Mapping[str, str] = field(default_factory=dict)
    has_slipped: str = "false"
    keeps_recipient: str = "false"
    keeps_buyer: str = "false"


def person_columns(export: Export) -> list[Column]:
    """Columns that may say who somebody is: classified core or sensitive, or part of a natural key."""
    keys = {name for key in export.facts.natural_keys for name in [*key.columns, *key.fallback]}
    return [
        column
        for column in export.properties
        if column.classification in ("core", "sensitive") or column.name in keys
    ]


def find_rows(
    con: duckdb.DuckDBPyConnection, file: Inspected, rows: Rows, region: str | None, kinds: frozenset[str]
) -> Matches:
    """The rows of one file that the connection's table `suppressed` names. Raises duckdb.Error where a row breaks the reader."""
    job = file.job
    has_json = job.dialect.format in RAW_FORMATS
    judged = judged_rows(
        job.channel, job.export, rows.columns, rows.sql, has_raw=rows.has_raw, has_suppressed=False
    )
    raw = (
        f"case when {'true' if has_json else '_row_reason is not null'} then _raw end"
        if rows.has_raw
        else "null::varchar"
    )
    con.execute(
        f"create or replace temp table sieved as with {judged} select *, {raw} as {RAW}, {_slipped(job.export)} as {SLIPPED} from keyed"
    )
    tests = row_tests(con, job.channel, job.export, [*rows.columns.extras], region, kinds)
    is_broken = f"_row_reason is not null or {tests.has_slipped}"
    found = con.execute(
        f"select _line, {is_broken}, {_is_of_other(job.export)}, {tests.keeps_recipient}, {tests.keeps_buyer}, {_names_where(tests.names_her)}, "
        f"case when ({tests.quotes}) and not ({is_broken}) then {_names_where(tests.quoting)} else [] end from sieved where {tests.is_hers} order by _line"
    ).fetchall()
    con.execute("drop table sieved; drop table sieve_hits; drop table if exists sieve_both")
    return Matches(
        [row[0] for row in found],
        _named_by_line(found, 5),
        _named_by_line(found, 6),
        *(frozenset(row[0] for row in found if row[which]) for which in range(1, 5)),
    )


def _names_where(tests: Mapping[str, str]) -> str:
    """SQL list of the names whose test is true, with nulls for the others."""
    return f"[{', '.join(f'case when {test} then {literal(name)} end' for name, test in tests.items())}]::varchar[]"


def _named_by_line(rows: list[tuple[Any, ...]], place: int) -> dict[int, frozenset[str]]:
    """Line → names in the list at one place of its row; lines without any are left out."""
    return {row[0]: names for row in rows if (names := frozenset(name for name in row[place] if name))}


def other_columns(export: Export) -> list[Column]:
    """Columns that say nothing of a person, by the contract."""
    names = {column.name for column in person_columns(export)}
    return [column for column in export.properties if column.name not in names]


def _slipped(export: Export) -> str:
    """SQL of the cells that are not what their column says (a text among the amounts): in a row that slipped, anything may stand anywhere."""
    texts = [
        f"case when {identifier(column.name)} is null then {identifier(text_column(column.name))} end"
        for column in other_columns(export)
        if column.logical_type != "string"
    ]
    return f"nullif(concat_ws('; ', {', '.join(texts)}), '')" if texts else "null::varchar"


def row_tests(
    con: duckdb.DuckDBPyConnection,
    channel: str,
    export: Export,
    extras: list[str],
    region: str | None,
    kinds: frozenset[str],
) -> RowTests:
    """Tests of the rows of table `sieved` that table `suppressed` names; makes the tables `sieve_hits` and `sieve_both` that they read.

    `sieved` has the export's texts (`_text_…`), its `_key_…`, the extras, `_text_raw` and `_text_slipped`. A row whose person is gone already is
    not hers.
    """
    tests = [*_key_tests(channel, export)]
    to_whom = set(export.facts.recipient.columns) if export.facts.recipient else set()
    of_recipient = [_recipient_test(channel, export)] if to_whom else []
    hits = _register_hits(con, _cells(channel, export, extras, region), kinds, region)
    for column in sorted({column for column, _ in hits}):
        (of_recipient if column in {text_column(each) for each in to_whom} else tests).append(_is_hit(column))
    named = _hit_tests(other_columns(export), hits)
    slipped = _is_hit(SLIPPED) if (SLIPPED, False) in hits else "false"
    quoting = _hit_tests(export.properties, hits)
    if "named" in kinds and person_columns(export):
        tests.append(_named_test(export, region))
    texts = [text_column(column.name) for column in person_columns(export)]
    is_filled = " or ".join([_is_filled([*texts, *extras, RAW]), *named.values(), slipped])
    if not to_whom:
        quotes = _quotes(channel, export, {column for column, _ in hits}, tests, texts)
        return RowTests(
            f"({' or '.join(tests) or 'false'}) and ({is_filled})", quotes, quoting, named, slipped
        )
    recipients = [text_column(each) for each in export.facts.recipient.columns]  # type: ignore[union-attr]
    buyers = [*(each for each in texts if each not in recipients), *extras, RAW]
    is_bought = " or ".join(tests) or "false"
    quotes = _quotes(
        channel, export, {column for column, _ in hits} - set(recipients), tests, [each for each in texts if each not in recipients]
    )  # fmt: skip
    is_named = " or ".join([*named.values(), slipped, f"({is_bought}) and ({quotes})"])
    both = _tests_of_both(
        con, f"({is_bought}) and not ({quotes})", " or ".join(of_recipient), recipients, buyers
    )
    return replace(
        both, is_hers=f"({both.is_hers}) or {is_named}", quotes="_line not in (select _line from sieve_both)", quoting=quoting,
        names_her=named, has_slipped=slipped,
    )  # fmt: skip


def _quotes(channel: str, export: Export, hit: set[str], tests: list[str], persons: list[str]) -> str:
    """SQL: what names her are words inside longer texts, and the row is somebody else's: by an address of his own, or by a key where no cell of a person names her.

    hit: columns with a text that names her; tests: of the row's person; persons: columns about that person.
    """
    by_person = [_is_hit(column) for column in persons if column in hit]
    surely = [
        *_key_tests(channel, export),
        *(
            _is_hit(column, "not is_quote")
            for column in sorted(hit - {text_column(each.name) for each in other_columns(export)})
        ),
        *(test for test in tests if test.startswith("_line in")),
    ]
    own = [
        f"coalesce(regexp_full_match(lower(trim({identifier(column)})), {literal(EMAIL_PATTERN)}) and not {_is_hit(column)}, false)"
        for column in persons
    ]
    has_own, names_her_as_person = " or ".join(own) or "false", " or ".join(by_person) or "false"
    return f"not ({' or '.join(surely) or 'false'}) and ({has_own} or ({_is_of_other(export)}) and not ({names_her_as_person}))"


def _hit_tests(columns: Iterable[Column], hits: set[tuple[str, bool]]) -> dict[str, str]:
    """Column → SQL: its cell names her otherwise than by an order's id; of columns that do in some row."""
    return {
        each.name: _is_hit(text_column(each.name), "not is_order")
        for each in columns
        if (text_column(each.name), False) in hits
    }


def _register_hits(
    con: duckdb.DuckDBPyConnection, cells: list[str], kinds: frozenset[str], region: str | None
) -> set[tuple[str, bool]]:
    """Table `sieve_hits`: texts (t) of columns (c) that hold a suppressed word; `is_order`: an order's id, which stays. Returns the columns with both."""
    register_reading(con)
    con.execute(f"create or replace temp table sieve_hits as {_hits(cells, kinds, region)}")
    return set(con.execute("select distinct c, is_order from sieve_hits").fetchall())


def _is_hit(column: str, which: str = "true") -> str:
    """SQL: a column's text is among the hits."""
    return f"coalesce({identifier(column)} in (select t from sieve_hits where c = {literal(column)} and {which}), false)"


def _is_filled(columns: list[str]) -> str:
    return " or ".join(f"{identifier(each)} is not null" for each in columns) or "false"


def _recipient_test(channel: str, export: Export) -> str:
    """SQL: the record that staging makes of the row's recipient is suppressed."""
    assert export.facts.recipient is not None
    order = _trimmed(identifier(text_column(export.facts.recipient.order)))
    word = (
        f"'{SUPPRESS}' || {MARK} || 'id' || {MARK} || {literal(channel)} || {MARK} || 'recipient:' || {order}"
    )
    return f"coalesce(pseudonym({word}) in (select pseudonym from suppressed), false)"


def _tests_of_both(
    con: duckdb.DuckDBPyConnection,
    buyer_hit: str,
    recipient_hit: str,
    recipients: list[str],
    buyers: list[str],
) -> RowTests:
    """A row's buyer and its recipient each for themselves; one name on both sides, or a name of hers, is one person.

    Names are compared piece by piece, which is slow: only in the rows that a key, an id or a contact names. Makes table `sieve_both`.
    """
    con.execute(
        "create or replace temp table sieve_named as select * from "
        f"(select *, ({buyer_hit}) as _is_bought, ({recipient_hit}) as _is_received from sieved) where _is_bought or _is_received"
    )
    plain = "regexp_replace(lower({}), '[^\\pL\\pN]', '', 'g')"
    names = ", ".join(plain.format(identifier(each)) for each in recipients)
    pieces = ", ".join(
        f"list_transform(string_split_regex(coalesce({identifier(each)}, ''), '[,，;；]'), lambda x: {plain.format('x')})"
        for each in recipients
    )
    same = ", ".join(plain.format(identifier(each)) for each in buyers if each != RAW)
    hashes = f"list_transform(list_filter(flatten([{pieces}]), lambda x: x <> ''), lambda x: pseudonym('{SUPPRESS}' || {MARK} || 'name' || {MARK} || x))"
    is_her_name = f"coalesce(list_has_any({hashes}, (select list(pseudonym) from suppressed)), false)"
    is_same = f"coalesce(list_has_any(list_filter([{names}], lambda x: length(x) > 1), [{same}]), false)"
    con.execute(
        f"create or replace temp table sieve_both as select _line, {_is_filled(buyers)} as has_buyer, {_is_filled(recipients)} as has_recipient, "
        f"_is_received or ({is_her_name} or {is_same}) as is_to_her, _is_bought or {is_same} as is_by_her from sieve_named"
    )
    con.execute("drop table sieve_named")
    of_lines = "_line {} (select _line from sieve_both where {})"
    return RowTests(
        of_lines.format("in", "is_by_her and has_buyer or is_to_her and has_recipient"),
        keeps_recipient=of_lines.format("not in", "is_to_her"),
        keeps_buyer=of_lines.format("not in", "is_by_her"),
    )


def _is_of_other(export: Export) -> str:
    """SQL: whether the row's natural key is known, and not suppressed."""
    keys = [f"_key_{key.name}" for key in export.facts.natural_keys]
    known = [f"({each} is not null and {each} not in (select pseudonym from suppressed))" for each in keys]
    return " and ".join(known) or "false"


def _key_tests(channel: str, export: Export) -> list[str]:
    tests = [f"_key_{key.name}" for key in export.facts.natural_keys]
    if len(export.primary_key) == 1 and not export.primary_key[0].startswith("_"):
        value = f"{identifier(text_column(export.primary_key[0]))}"
        tests.append(f"pseudonym('record' || {MARK} || {literal(channel)} || {MARK} || {value})")
    return [f"coalesce({each} in (select pseudonym from suppressed), false)" for each in tests]


def _cells(channel: str, export: Export, extras: list[str], region: str | None) -> list[str]:
    """SQL per column: its name, each distinct text, and the words whose hashes are compared."""
    contacts, ids = contact_words("t", region), f"'id' || {MARK} || {literal(channel)} || {MARK}"
    orders = f"'order' || {MARK} || {literal(channel)} || {MARK}"
    persons = person_columns(export)
    cells = []
    for column in persons:
        words = f"{contacts} || ['cell' || {MARK} || lower(trim(t)), {ids} || {_trimmed('t')}]"
        cells.append(_words_of(text_column(column.name), words))
    for column in other_columns(export):
        if column.logical_type == "string":
            is_code = column.is_id or column.primary_key
            words = contact_words("t", None, has_numbers=not is_code)
            cells.append(_words_of(text_column(column.name), words, "contains(t, '@') or strlen(t) > 6"))
            if is_code:
                cells.append(_words_of(text_column(column.name), f"[{orders} || {_trimmed('t')}]"))
    for name in [*extras, RAW, SLIPPED]:
        found = "regexp_extract_all(t, '[^\\s,;|\"'']+')"
        plain = (
            f"list_transform({found}, lambda x: regexp_replace(x, '[.]0+$', ''))"  # as spreadsheets write ids
        )
        pieces = f"list_transform(list_distinct({found} || {plain}), lambda x: {ids} || x)"
        cells.append(_words_of(name, f"{contacts} || {pieces}"))
    return cells


def _trimmed(text: str) -> str:
    """SQL of an id as it is compared: without space and the apostrophe by which spreadsheets keep digits."""
    return f"trim({text}, {literal(AROUND_IDS)})"


def _words_of(column: str, words: str, may_hold: str = "true") -> str:
    name = identifier(column)
    return (
        f"select {literal(column)} as c, t, unnest({words}) as word "
        f"from (select distinct {name}::varchar as t from sieved where {name} is not null) where {may_hold}"
    )


def contact_words(text: str, region: str | None, *, has_numbers: bool = True) -> str:
    """SQL list of the words for e-mails, as they stand and as the mailbox that they reach, and for numbers inside a text. Needs `register_reading`."""
    text = _plain(text)
    found = f"regexp_extract_all(lower({text}), {literal(EMAIL_PATTERN)})"
    words = f"list_transform(list_distinct({found} || list_transform({found}, lambda x: {mailbox_sql('x')})), lambda x: 'email' || {MARK} || x)"
    if not has_numbers:
        return words
    near = f"flatten(list_transform(regexp_extract_all({text}, {literal(NUMBER_PATTERN)}), lambda x: {_numbers('x')}))"
    runs = f"case when regexp_matches({text}, {literal(FAR_APART)}) then regexp_extract_all({text}, {literal(FAR_PATTERN)}) else [] end"
    far = f"flatten(list_transform({runs}, lambda x: {_numbers('x')}))"
    numbers = f"list_distinct({near} || list_filter({far}, lambda x: length(x) >= {FAR_DIGITS}))"
    words += f" || list_transform({numbers}, lambda x: 'phone' || {MARK} || x)"
    if region:
        words += (
            f" || list_transform({numbers}, lambda x: 'phone' || {MARK} || {literal(region)} || {MARK} || x)"
        )
    return words


def register_reading(con: duckdb.DuckDBPyConnection) -> None:
    """Create the function `as_read(text)`, which is `identifiers.plain_text`: for texts of markup, too rare for SQL of their own."""
    ((there,),) = con.execute(
        "select count(*) from duckdb_functions() where function_name = 'as_read'"
    ).fetchall()
    if not there:
        con.create_function("as_read", plain_text, ["varchar"], "varchar")


def _plain(text: str) -> str:
    """SQL of a text with wide forms, unusual spaces and dashes written as ASCII has them, and without escapes; what is plain is not touched."""
    plain = f"translate(nfc_normalize({text}), {literal(WIDE)}, {literal(PLAIN)})"
    for characters, instead in ((SPACES, " "), (DASHES, "-"), (UNSEEN, "")):
        plain = f"regexp_replace({plain}, '[{characters}]', '{instead}', 'g')"
    plain = f"(case when strlen({text}) = length({text}) then {text} else {plain} end)"
    read = plain
    for code, character in ESCAPED.items():
        read = f"regexp_replace({read}, '{code}', {literal(character)}, 'gi')"
    may_be_markup = " or ".join(f"contains({text}, '{each}')" for each in ("&", "<", "%26", "\uff06"))
    is_markup = f"({may_be_markup}) and regexp_matches({text}, {literal(MARKUP)}, 'i')"
    return f"(case when {is_markup} then as_read({text}) when contains({text}, '%') then {read} else {plain} end)"


def _numbers(run: str) -> str:
    """SQL of `identifiers.numbers_in`."""
    groups = f"regexp_extract_all(replace({run}, '(0)', ''), '[0-9]+')"
    joined = (
        f"flatten(list_transform(range(1, len({groups}) + 1), lambda i: "
        f"list_transform(range(i, len({groups}) + 1), lambda j: array_to_string({groups}[i:j], ''))))"
    )
    kept = f"list_filter({joined}, lambda n: length(n) between {DIGITS[0]} and {DIGITS[1]})"
    return f"list_transform({kept}, lambda n: ltrim(n, '0'))"


def _hits(cells: list[str], kinds: frozenset[str], region: str | None) -> str:
    """SQL of the (column, text) pairs one of whose words is suppressed, and whether the word is an order's id."""
    lists = ""
    if "sha256_email_lower" in kinds:
        lists += _listed("email", "sha256_email_lower", f"split_part(word, {MARK}, 2)")
    if "sha256_phone_e164" in kinds:
        code = {"US": "1", "CA": "1", "CN": "86", "GB": "44", "DE": "49", "FR": "33", "JP": "81"}.get(
            region or "", ""
        )
        number = f"split_part(word, {MARK}, 2)"
        lists += _listed("phone", "sha256_phone_e164", f"'+' || {number}")
        if code:
            lists += _listed("phone", "sha256_phone_e164", f"'+{code}' || {number}")
    return f"""
        with words as ({" union all ".join(cells)}),
        all_words as (select * from words where word is not null{lists}),
        hashed as (select word, pseudonym('{SUPPRESS}' || {MARK} || word) as hash from (select distinct word from all_words))
        select distinct c, t, starts_with(word, 'order' || {MARK}) as is_order,
            (starts_with(word, 'email' || {MARK}) or starts_with(word, 'phone' || {MARK}))
            and length(regexp_replace(regexp_replace(lower(t), {literal(EMAIL_PATTERN)}, '', 'g'), '[^\\pL]', '', 'g')) > 2 as is_quote
        from all_words inner join hashed using (word)
        where hash in (select pseudonym from suppressed)
    """


def _listed(kind: str, named: str, value: str) -> str:
    return (
        f" union all select c, t, '{named}' || {MARK} || sha256({value}) from words "
        f"where starts_with(word, '{kind}' || {MARK}) and not contains(substr(word, {len(kind) + 2}), {MARK})"
    )


def _named_test(export: Export, region: str | None) -> str:
    """SQL: some contact of the row together with some name of it, a cell or two cells side by side, is suppressed."""
    texts = [identifier(text_column(column.name)) for column in person_columns(export)]
    everything = "concat_ws(' ', " + ", ".join(texts) + ")"
    pairs = [pair for left, right in pairwise(texts) for pair in (f"{left} || {right}", f"{right} || {left}")]
    names = ", ".join(f"regexp_replace(lower({each}), '[^\\pL\\pN]', '', 'g')" for each in [*texts, *pairs])
    words = contact_words(everything, region)
    return f"""_line in (
        with said as (select _line, {words} as words, list_distinct([{names}]) as names from sieved),
        hashed as (
            select word, pseudonym('{SUPPRESS}' || {MARK} || word) as hash
            from (select distinct unnest(words) as word from said) where word is not null
        ),
        contacts as (
            select _line, hash, names from (select _line, unnest(words) as word, names from said) inner join hashed using (word)
        ),
        pairs as (select hash, unnest(names) as name, _line from contacts),
        hers as (
            select hash, name from (select distinct hash, name from pairs where name <> '')
            where pseudonym('{SUPPRESS}' || {MARK} || 'named' || {MARK} || hash || {MARK} || name)
                in (select pseudonym from suppressed)
        )
        select _line from pairs semi join hers using (hash, name)
    )"""
