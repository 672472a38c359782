"""Parquet files and JSON documents as rows of text, counted by other code than the one that reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.landing.casting import EPOCHS, identifier, sql_text, time_zone_sql
from cdp_assets.landing.contract import Dialect, Export
from cdp_assets.landing.header import ColumnMap, map_header
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.text import TextSource

MAX_ROWS_PER_BYTE = 1000  # more rows than this per byte of a Parquet file is no honest footer
MAX_DOCUMENT = 256 << 20  # bytes of one JSON document; larger ones belong into NDJSON


def inspect_parquet(path: Path, export: Export, dialect: Dialect) -> tuple[ColumnMap, int, str]:
    """Column map, row count by the footer, and SQL over the file. Raises FileHeld; no row is read."""
    try:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
        in_groups = sum(metadata.row_group(index).num_rows for index in range(metadata.num_row_groups))
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise FileHeld(
            "damaged_archive", "its Parquet footer cannot be read", "ask for the file again"
        ) from error
    size = path.stat().st_size
    if (
        in_groups != metadata.num_rows
        or metadata.num_rows > size * MAX_ROWS_PER_BYTE
        or metadata.num_rows < 0
    ):
        raise FileHeld(
            "absurd_footer",
            f"its footer declares {metadata.num_rows:,} rows in {size:,} bytes",
            "check where the file comes from; ask for it again",
        )
    columns = map_header(export, dialect, list(schema.names), 1)
    names = {positions[0]: name for name, positions in columns.positions.items()}
    cells = [
        f"{_parquet_text(export, names.get(position), field)} as c{position}"
        for position, field in enumerate(schema)
    ]
    source = f"read_parquet({sql_text(str(path))}, hive_partitioning = false)"
    sql = f"""
        select row_number() over () as _line, null::varchar as _row_reason, to_json(rows)::varchar as _raw,
            {", ".join(cells)}
        from {source} as rows
    """
    return columns, metadata.num_rows, sql


def _parquet_text(export: Export, name: str | None, field: pa.Field) -> str:
    """Text of a Parquet column, in the first format that the contract declares for a date or time."""
    column = identifier(field.name)
    declared = export.column(name) if name else None
    if declared and (pa.types.is_timestamp(field.type) or pa.types.is_date(field.type)):
        usable = [each for each in declared.facts.formats if each not in EPOCHS and "%z" not in each]
        if usable:
            zone = time_zone_sql(export, declared) or "'UTC'"
            is_aware = pa.types.is_timestamp(field.type) and field.type.tz
            moment = f"timezone({zone}, {column})" if is_aware else f"{column}::timestamp"
            return f"strftime({moment}, {sql_text(usable[0])})"
    return f"{column}::varchar"


def read_document(
    source: TextSource, path: str | None
) -> tuple[int, Iterator[tuple[int, str, None, list[str]]]]:
    """Record count by the standard library, and the records (number, JSON text) by orjson. Raises FileHeld."""
    with source.open() as stream:
        content = stream.read(MAX_DOCUMENT + 1)
    if len(content) > MAX_DOCUMENT:
        raise FileHeld(
            "too_large", f"it is over {MAX_DOCUMENT:,} bytes of one JSON document", "deliver it as NDJSON"
        )
    try:
        count = len(_at(json.loads(content), path))
        records = _at(orjson.loads(content), path)
    except (ValueError, RecursionError) as error:
        raise FileHeld(
            "not_json", "it is no JSON document", "check the file; set format to ndjson if it is one"
        ) from error
    texts = (orjson.dumps(record).decode() for record in records)
    return count, ((number, text, None, [text]) for number, text in enumerate(texts, 1))


def _at(document: Any, path: str | None) -> list[Any]:
    for step in path.split(".") if path else []:
        document = document.get(step) if isinstance(document, dict) else None
    if not isinstance(document, list):
        raise FileHeld(
            "no_records",
            f"there is no array at {path or 'the top'}",
            "set recordsPath in the contract to the array's path",
        )
    return document
