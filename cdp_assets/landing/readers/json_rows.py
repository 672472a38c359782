"""JSON records as rows of text: one column per declared path, arrays of {key, value} read as objects.

Values stay text here; casting has its own module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cdp_assets.landing.contract import Export
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.readers.header import ColumnMap
from cdp_assets.landing.readers.text import TextSource
from cdp_assets.sql_text import literal

if TYPE_CHECKING:
    import duckdb

_KEYED = (
    '[{"key":"VARCHAR","value":{"string_value":"VARCHAR","int_value":"VARCHAR",'
    '"float_value":"VARCHAR","double_value":"VARCHAR"}}]'
)


def line_rows(source: TextSource) -> Iterator[tuple[int, str, str | None, list[str]]]:
    """Every line that is not blank, by Python: for files that DuckDB's line reader refuses."""
    with source.open() as stream:
        for number, line in enumerate(stream, 1):
            text = line.decode("utf-8").rstrip("\r\n")
            if text:
                yield number, text, None, [text]


def seen_keys(con: duckdb.DuckDBPyConnection, lines: str) -> list[str]:
    """Names of all top-level keys of the records in the relation `lines` (`_line`, `_raw`), sorted."""
    found = con.execute(
        f"select distinct unnest(json_keys(case when json_valid(_raw) and json_type(_raw) = 'OBJECT' then _raw end)) as key"
        f" from ({lines}) order by key"
    ).fetchall()
    return [str(row[0]) for row in found]


def map_keys(export: Export, keys: list[str]) -> ColumnMap:
    """Which keys the contract does not know (they land as text). Raises FileHeld where a needed key is in no record."""
    if len(keys) > export.facts.max_columns:
        raise FileHeld(
            "too_many_columns",
            f"the records have {len(keys):,} different keys, {export.facts.max_columns:,} are allowed",
            "check the file; if it is right, raise maxColumns in the contract",
        )
    known = {path.split(".")[0] for column in export.properties for path in column.headers}
    known |= set(export.facts.keyed_arrays)
    for column in export.properties:
        if not column.facts.optional and not any(path.split(".")[0] in keys for path in column.headers):
            raise FileHeld(
                "missing_column",
                f"no record has the key {column.physical_name!r}",
                "check that the file is this export; declare aliases for a new name, optional for a key that may lack",
            )
    extras: dict[str, int] = {}
    for position, key in enumerate(keys):
        if key not in known:
            name = "extra_" + (re.sub(r"\W+", "_", key).strip("_").casefold() or "key")[:60]
            while name in extras:
                name += "_"
            extras[name] = len(export.properties) + position
    positions = {column.name: [position] for position, column in enumerate(export.properties)}
    return ColumnMap(len(export.properties) + len(keys), positions, extras)


def json_rows(
    export: Export, keys: list[str], columns: ColumnMap, lines: str, *, has_path: bool = False
) -> str:
    """SQL: `_line`, `_raw`, `_row_reason` and c<position> for every column and extra key of the records in `lines`."""
    paths: list[str] = []
    keyed = export.facts.keyed_arrays

    def expression(path: str) -> str:
        array, _, key = path.partition(".")
        if array in keyed and key:
            position = keyed.index(array)
            return f"_values_{position}[list_position(_keys_{position}, {literal(key)})]"
        steps = [key_path(path)] if path not in keys else [key_path(path, whole=True)]
        paths.append(steps[0])
        return f"_found[{len(paths)}]"

    cells = []
    for column in export.properties:
        found = [expression(path) for path in column.headers]
        cells.append(
            f"{found[0] if len(found) == 1 else 'coalesce(' + ', '.join(found) + ')'} as c{columns.positions[column.name][0]}"
        )
    for position in columns.extras.values():
        paths.append(key_path(keys[position - len(export.properties)], whole=True))
        cells.append(f"_found[{len(paths)}] as c{position}")
    arrays = "".join(
        f", from_json(json_extract(_json, {literal(key_path(array))}), {literal(_KEYED)}) as _keyed_{position}"
        for position, array in enumerate(keyed)
    )
    pairs = "".join(
        f", list_transform(_keyed_{position}, lambda e: e.key) as _keys_{position}, list_transform(_keyed_{position}, "
        "lambda e: coalesce(e.value.string_value, e.value.int_value, e.value.float_value, e.value.double_value)) "
        f"as _values_{position}"
        for position in range(len(keyed))
    )
    listed = "[" + ", ".join(literal(path) for path in paths) + "]"
    return f"""
        with checked as (
            select *,
                case
                    when not json_valid(_raw) then 'not_json'
                    when json_type(_raw) <> 'OBJECT' then 'not_an_object'
                end as _row_reason,
            from ({lines})
            where _raw is not null and _raw <> ''
        ),
        opened as (select *, case when _row_reason is null then _raw end::json as _json from checked),
        found as (select *, json_extract_string(_json, {listed}) as _found{arrays} from opened),
        paired as (select *{pairs} from found)
        select _line, _raw, _row_reason{", _path" if has_path else ""}, {", ".join(cells)} from paired
    """


def key_path(path: str, *, whole: bool = False) -> str:
    """JSONPath of a dotted path, every step quoted; `whole`: the path is one key that may hold dots."""
    steps = [path] if whole else path.split(".")
    return "$" + "".join('."' + step.replace('"', '\\"') + '"' for step in steps)
