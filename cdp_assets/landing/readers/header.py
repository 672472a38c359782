"""Which column of the file is which column of the contract; a file whose header does not fit is held, not guessed."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from itertools import pairwise

from cdp_assets.landing.contract import Column, Dialect, Export
from cdp_assets.landing.held import FileHeld

MAX_NAMED = 8  # columns named in one message


@dataclass(frozen=True)
class ColumnMap:
    """Positions (from 0) of the contract's columns in the file, and of the columns that it does not know.

    `positions`: our column name → positions whose texts are joined by a space (one, unless sourceColumns are declared);
    a column that the file lacks, allowed so, is left out. `extras`: landed name → position. `unnamed`: positions after the last
    header text: no column is there, so no row may hold a text there.
    """

    width: int
    positions: dict[str, list[int]]
    extras: dict[str, int]
    constants: dict[str, str] = field(default_factory=dict)  # values that stand in the header itself
    unnamed: tuple[int, ...] = ()


def map_header(export: Export, dialect: Dialect, header: list[str], line: int) -> ColumnMap:
    """Match a header to the contract. Raises FileHeld for missing, renamed or reordered columns, or no header at all."""
    if len(header) > export.facts.max_columns:
        raise FileHeld(
            "too_many_columns",
            f"line {line} has {len(header):,} columns, {export.facts.max_columns:,} are allowed",
            "check whether the delimiter is right; if the file is right, raise maxColumns in the contract",
        )
    texts = [_plain(text) for text in header]
    positions = {column.name: _find(column, texts) for column in export.properties}
    found = {name: where for name, where in positions.items() if where}
    constants = _header_values(export, header, found)
    missing = [
        column
        for column in export.properties
        if not positions[column.name] and column.name not in constants and not column.facts.optional
    ]
    if missing:
        raise _missing(export, missing, found, texts, line)
    if dialect.column_order == "declared":
        _check_order(export, found)
    taken = {position for where in found.values() for position in where}
    named = max((position for position, text in enumerate(texts) if text or position in taken), default=-1)
    unnamed = tuple(range(named + 1, len(texts)))
    return ColumnMap(len(texts), found, _extras(texts, taken), constants, unnamed)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\ufeff", "")).strip().casefold()


def _header_values(export: Export, header: list[str], found: dict[str, list[int]]) -> dict[str, str]:
    """Values that stand in a header text, such as the currency in `Amount spent (USD)`."""
    values: dict[str, str] = {}
    for column in export.properties:
        source = column.facts.header_value_of
        if source and source in found:
            pattern = export.column(source).facts.header_pattern or ""
            match = re.fullmatch(
                pattern, header[found[source][0]].replace("\ufeff", "").strip(), re.IGNORECASE
            )
            if match and match.groups():
                values[column.name] = match.group(1)
    return values


def _find(column: Column, texts: list[str]) -> list[int]:
    if column.facts.header_value_of:
        return []
    if column.facts.header_pattern:
        return [
            p
            for p, text in enumerate(texts)
            if re.fullmatch(column.facts.header_pattern, text, re.IGNORECASE)
        ][:1]
    if column.facts.source_columns:
        found = [_position(texts, name, 1) for name in column.facts.source_columns]
        return [position for position in found if position is not None] if None not in found else []
    for name in column.headers:
        position = _position(texts, name, column.facts.occurrence)
        if position is not None:
            return [position]
    return []


def _position(texts: list[str], name: str, occurrence: int) -> int | None:
    matches = [position for position, text in enumerate(texts) if text == _plain(name)]
    return matches[occurrence - 1] if len(matches) >= occurrence else None


def _missing(
    export: Export, missing: list[Column], found: dict[str, list[int]], texts: list[str], line: int
) -> FileHeld:
    """The error for columns that are not there; header texts are shown only where the line is surely a header."""
    named = ", ".join(repr(column.physical_name) for column in missing[:MAX_NAMED])
    named += f" and {len(missing) - MAX_NAMED} more" if len(missing) > MAX_NAMED else ""
    if len(found) * 2 < len(export.properties) - sum(column.facts.optional for column in export.properties):
        return FileHeld(
            "no_header",
            f"line {line} is not the header of {export.name}: {len(found)} of its columns were found",
            "check that the file is this export and has its header; set delimiter or preambleRows if they changed",
        )
    taken = {position for where in found.values() for position in where}
    free = [text for position, text in enumerate(texts) if position not in taken and text]
    close = difflib.get_close_matches(_plain(missing[0].physical_name), free, n=1, cutoff=0.6)
    renamed = f" (renamed to {close[0]!r}? then add that to its aliases)" if close else ""
    return FileHeld(
        "missing_column",
        f"the header in line {line} lacks {named}{renamed}",
        "ask for the full export, or declare in the contract: aliases for a new name, optional for a column that may lack",
    )


def _check_order(export: Export, found: dict[str, list[int]]) -> None:
    plain = [c.name for c in export.properties if not c.facts.source_columns and not c.facts.optional]
    order = [(found[name][0], name) for name in plain if name in found]
    for (before, _), (after, name) in pairwise(order):
        if after < before:
            raise FileHeld(
                "columns_reordered",
                f"the column {name} stands before one that the contract has it follow",
                "check the export; if any order is right, set columnOrder to any in the contract",
            )


def _extras(texts: list[str], taken: set[int]) -> dict[str, int]:
    """Columns that the contract does not know; blank texts at the header's end are but trailing delimiters."""
    named = max((position for position, text in enumerate(texts) if text), default=-1)
    extras: dict[str, int] = {}
    for position, text in enumerate(texts[: named + 1]):
        if position in taken:
            continue
        name = "extra_" + (re.sub(r"\W+", "_", text).strip("_") or "column")[:60]
        while name in extras:
            name += "_"
        extras[name] = position
    return extras
