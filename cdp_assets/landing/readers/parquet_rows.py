"""Parquet files as rows of text, counted by their footer: other code than the one that reads them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.landing.contract import Dialect, Export
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.readers.header import ColumnMap, map_header
from cdp_assets.landing.readers.text import SMALL_EXPANSION, expands_too_far
from cdp_assets.landing.typed.casts import EPOCHS, time_zone_sql
from cdp_assets.sql_text import identifier, literal

MAX_ROWS_PER_BYTE = 1000  # more rows than this per byte of a Parquet file is no honest footer


def inspect_parquet(path: Path, export: Export, dialect: Dialect) -> tuple[ColumnMap, int, str]:
    """Column map, row count by the footer, and SQL over the file. Raises FileHeld; no row is read."""
    try:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        in_groups = sum(group.num_rows for group in groups)
        unpacked = sum(_unpacked(group) for group in groups)
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
    if unpacked > max(SMALL_EXPANSION, size * export.facts.max_expansion):
        raise expands_too_far()
    columns = map_header(export, dialect, list(schema.names), 1)
    names = {positions[0]: name for name, positions in columns.positions.items()}
    cells = [
        f"{_parquet_text(export, names.get(position), field)} as c{position}"
        for position, field in enumerate(schema)
    ]
    source = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
    sql = f"""
        select row_number() over () as _line, null::varchar as _row_reason, to_json(rows)::varchar as _raw,
            {", ".join(cells)}
        from {source} as rows
    """
    return columns, metadata.num_rows, sql


def _unpacked(group: pq.RowGroupMetaData) -> int:
    """Bytes of text that a row group holds at least: its pages unpacked, and columns of one equal text written out."""
    size = 0
    for index in range(group.num_columns):
        column = group.column(index)
        found = column.statistics
        is_equal = found is not None and found.has_min_max and found.min == found.max
        width = len(found.min) if is_equal and isinstance(found.min, str | bytes) else 0
        texts = group.num_rows - (found.null_count or 0) if is_equal else 0
        size += max(column.total_uncompressed_size, width * texts)
    return size


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
            return f"strftime({moment}, {literal(usable[0])})"
    return f"{column}::varchar"
