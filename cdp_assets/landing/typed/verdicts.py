"""SQL that decides each row's fate: landed, quarantined, duplicate or erased, and never two of them.

The CTEs run raw → trimmed → cleaned → numbered → recorded → packed → filled → typed → keyed → judged → ranked; the caller selects from `ranked`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cdp_assets.keys import SEPARATOR_SQL as SEPARATOR
from cdp_assets.landing.contract import Export, NaturalKey
from cdp_assets.landing.readers.header import ColumnMap
from cdp_assets.landing.typed.casts import CastColumn, cast_column, clean, text_column
from cdp_assets.sql_text import identifier, literal


@dataclass(frozen=True)
class Origin:
    """Where a row comes from, for its meta columns."""

    load_id: str
    file_name: str
    period: str | None
    part: str | None


def judged_rows(
    channel: str,
    export: Export,
    columns: ColumnMap,
    raw_sql: str,
    *,
    has_raw: bool,
    has_suppressed: bool,
    has_path: bool = False,
) -> str:
    """The CTEs over a file's rows as text (`_line`, `_row_reason`, c0…); `_fate` and `_reason` (code:column) are added."""
    casts = [cast_column(export, column, _raw_text(columns, column.name)) for column in export.properties]
    kept = "_line, _row_reason" + (", _raw" if has_raw else "") + (", _path" if has_path else "")
    extras = "".join(
        f", trim(c{position}) as {identifier(name)}" for name, position in columns.extras.items()
    )
    passed = "".join(f", {identifier(name)}" for name in columns.extras)
    trimmed = ", ".join(f"{cast.trimmed} as {identifier(cast.text_name)}" for cast in casts)
    cleaned = ", ".join(f"{cast.text} as {identifier(cast.text_name)}" for cast in casts)
    values = ", ".join(f"{cast.value} as {identifier(cast.name)}" for cast in casts)
    keys = "".join(f", {_natural_key(channel, key)} as _key_{key.name}" for key in export.facts.natural_keys)
    erased = _is_erased(channel, export) if has_suppressed else "false"
    return f"""
        raw as ({raw_sql}),
        trimmed as (select {kept.replace("_row_reason", _row_reason(columns), 1)}{extras}, {trimmed} from raw),
        cleaned as (select {kept}{passed}, {cleaned} from trimmed),
        numbered as (select *{_continued_key(export)} from cleaned),
        recorded as (select *{_record_of_key(export)} from numbered),
        packed as (select *{_first_of_key(export, casts)} from recorded),
        filled as (select {kept}{passed}, {_filled(export, casts)} from packed),
        typed as (select *, {values} from filled),
        keyed as (select *{keys} from typed),
        judged as (select *, {_reason([cast for cast in casts if export.column(cast.name).facts.collected])} as _reason, {erased} as _is_erased from keyed),
        ranked as (select *, {_fate(export)} as _fate from judged)
    """


def _row_reason(columns: ColumnMap) -> str:
    """The reader's own reason, else that a cell stands where the header names no column."""
    if not columns.unnamed:
        return "_row_reason"
    texts = ", ".join(f"c{position}" for position in columns.unnamed)
    return f"coalesce(_row_reason, case when trim(concat({texts})) <> '' then 'cell_without_header' end) as _row_reason"


def _raw_text(columns: ColumnMap, name: str) -> str:
    """SQL for a column's delivered text: a cell, several joined by a space, a text of the header, or nothing."""
    if name in columns.constants:
        return literal(columns.constants[name])
    positions = columns.positions.get(name)
    if not positions:
        return "null::varchar"
    if len(positions) == 1:
        return f"c{positions[0]}"
    return "concat_ws(' ', " + ", ".join(f"c{position}" for position in positions) + ")"


def _continued_key(export: Export) -> str:
    """A fillDownKey that is filled down itself stands on a record's first row only: the rows below it are the record's, too."""
    name = export.facts.fill_down_key
    if name is None or not export.column(name).facts.fill_down:
        return ""
    text = identifier(text_column(name))
    return f" replace (last_value({text} ignore nulls) over (order by _line) as {text})"


def _first_of_key(export: Export, casts: list[CastColumn]) -> str:
    """One window for all fillDown columns: a struct of what the first row of their key holds."""
    texts = [identifier(cast.text_name) for cast in casts if export.column(cast.name).facts.fill_down]
    if not texts:
        return ""
    key = identifier(text_column(export.facts.fill_down_key or ""))
    packed = "struct_pack(" + ", ".join(f"{text} := {text}" for text in texts) + ")"
    record = key if export.facts.fill_down_id is None else f"{key}, _record"
    return f", case when {key} is not null then first_value({packed}) over (partition by {record} order by _line) end as _first"


def _record_of_key(export: Export) -> str:
    """Which record of its key a row belongs to, where the export says by an id: the latest id seen so far."""
    if export.facts.fill_down_id is None:
        return ""
    key = identifier(text_column(export.facts.fill_down_key or ""))
    text = identifier(text_column(export.facts.fill_down_id))
    return f", last_value({text} ignore nulls) over (partition by {key} order by _line) as _record"


def _filled(export: Export, casts: list[CastColumn]) -> str:
    """Blank cells of fillDown columns take the text of the first row of their key."""
    cells = []
    for cast in casts:
        text = identifier(cast.text_name)
        has_fill = export.column(cast.name).facts.fill_down
        cells.append(f"coalesce({text}, _first.{text}) as {text}" if has_fill else text)
    return ", ".join(cells)


def _natural_key(channel: str, key: NaturalKey) -> str:
    """Pseudonym of the first usable column, else of the fall-back columns joined with "|"."""
    candidates = []
    for name in key.columns:
        text = clean(identifier(text_column(name)), [], key.strip, [])
        usable = f"regexp_full_match({text}, {literal(key.pattern)})" if key.pattern else "true"
        candidates.append(f"case when {usable} then {text} end")
    if key.fallback:
        texts = [identifier(text_column(name)) for name in key.fallback]
        joined = " || '|' || ".join(f"coalesce({text}, '')" for text in texts)
        candidates.append(f"case when {texts[0]} is not null then {joined} end")
    value = f"coalesce({', '.join(candidates)})" if len(candidates) > 1 else candidates[0]
    return f"pseudonym('customer' || {SEPARATOR} || {literal(channel)} || {SEPARATOR} || {value})"


def _reason(casts: list[CastColumn]) -> str:
    rules = [f"({cast.reason}) || {literal(':' + cast.name)}" for cast in casts if cast.reason]
    return f"coalesce(_row_reason, {', '.join(rules) or 'null'})"


def _is_erased(channel: str, export: Export) -> str:
    """Whether a row belongs to somebody who asked to be forgotten: by its key pseudonyms or by its record key."""
    pseudonyms = [f"_key_{key.name}" for key in export.facts.natural_keys]
    if len(export.primary_key) == 1 and not export.primary_key[0].startswith("_"):
        value = f"{identifier(export.primary_key[0])}::varchar"
        pseudonyms.append(
            f"pseudonym('record' || {SEPARATOR} || {literal(channel)} || {SEPARATOR} || {value})"
        )
    tests = [f"coalesce({each} in (select pseudonym from suppressed), false)" for each in pseudonyms]
    return " or ".join(tests) or "false"


def _fate(export: Export) -> str:
    """Newest version, then last line, of each declared key lands; whole-row equality alone is no duplicate."""
    single = "when _reason is not null then 'quarantined' when _is_erased then 'erased'"
    if not export.primary_key or export.facts.rows_per_key == "many":
        return f"case {single} else 'landed' end"
    key = ", ".join(identifier(name) for name in export.primary_key)
    is_whole = " and ".join(f"{identifier(name)} is not null" for name in export.primary_key)
    version = (
        f"{identifier(export.facts.version_column)} desc nulls last, " if export.facts.version_column else ""
    )
    rank = f"row_number() over (partition by {key}, _reason is null and not _is_erased order by {version}_line desc)"
    return f"case {single} when {is_whole} and {rank} > 1 then 'duplicate' else 'landed' end"


def landed_columns(export: Export, extras: list[str], origin: Origin, *, is_batch: bool = False) -> str:
    """Select list of the landed Parquet: the contract's columns, natural keys, meta columns, then unknown columns.

    In a batch the origin comes with each row, and lines are counted from the rows of the files before.
    """
    names = [
        identifier(column.name)
        if column.facts.collected
        else f"null::{column.sql_type} as {identifier(column.name)}"
        for column in export.properties
    ]
    names += [f"_key_{key.name}" for key in export.facts.natural_keys]
    if is_batch:
        names += ["_load_id", "_line - _rows_before as _line", "_file_name", "_period::varchar as _period"]
        names += ["_part::varchar as _part"]
    else:
        names += [
            f"{literal(origin.load_id)} as _load_id",
            "_line",
            f"{literal(origin.file_name)} as _file_name",
        ]
        names += [f"{_text_or_null(origin.period)} as _period", f"{_text_or_null(origin.part)} as _part"]
    return ", ".join([*names, *(identifier(name) for name in extras)])


def quarantine_columns(origin: Origin) -> str:
    """Select list of the quarantine: load, line, reason code, column and the row's own text, exactly as delivered."""
    return (
        f"{literal(origin.load_id)} as load_id, _line as line, split_part(_reason, ':', 1) as reason_code, "
        "nullif(split_part(_reason, ':', 2), '') as column_name, _raw as original_text, "
        f"{literal(origin.file_name)} as file_name"
    )


def _text_or_null(value: str | None) -> str:
    return "null::varchar" if value is None else literal(value)
