"""Many small files of one shape in one statement: planning a query per file costs more than reading it.

Only files in which every row is good land this way; a file with any other row goes its own way afterwards. So a batch
decides nothing that parsing a file alone would decide otherwise.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import duckdb

from cdp_assets.landing.files import publish
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.parse import ParseResult
from cdp_assets.landing.readers import delimited, json_rows
from cdp_assets.landing.readers.inspection import Inspected
from cdp_assets.landing.typed.measures import Measured, measure
from cdp_assets.landing.typed.verdicts import Origin, judged_rows, landed_columns
from cdp_assets.private_files import sync
from cdp_assets.sql_text import literal

SMALL_BYTES = 4 << 20
BATCH_FILES = 64
BATCH_BYTES = 64 << 20


def batches(files: list[Inspected]) -> Iterator[list[Inspected]]:
    """Groups of two or more small, plain files of the same shape; files fit for no group are left out."""
    fit = [file for file in files if _is_fit(file)]
    for _, group in groupby(sorted(fit, key=_shape), key=_shape):
        batch: list[Inspected] = []
        size = 0
        for file in group:
            batch.append(file)
            size += file.job.original.stat().st_size
            if len(batch) == BATCH_FILES or size > BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if len(batch) > 1:
            yield batch


def _is_fit(file: Inspected) -> bool:
    """Windows over a key (duplicates, fill-down) need a file of their own; so does a transcoded copy."""
    export = file.job.export
    has_windows = bool(export.facts.fill_down_key) or (
        bool(export.primary_key) and export.facts.rows_per_key == "one"
    )
    is_original = file.source is not None and file.source.path == file.job.original
    is_small = file.job.original.stat().st_size <= SMALL_BYTES
    return file.is_plain and not file.has_breaks and is_original and is_small and not has_windows


def _shape(file: Inspected) -> str:
    dialect = file.job.dialect.model_dump_json()
    return f"{dialect}|{file.columns}|{file.skipped}|{file.text.is_gzip}"


def parse_batch(con: duckdb.DuckDBPyConnection, batch: list[Inspected]) -> dict[str, ParseResult]:
    """Land the files of a batch in which every row is good; results by load id. The others are left to parse_file."""
    folder = batch[0].job.work_dir / "batch"
    try:
        extras = _copy(con, batch, folder)
        found = dict(_outputs(folder))
        counts = _counts(con, list(found.values())) if found else {}
        good = [file for file in batch if counts.get(file.job.load_id) == file.parsed]
        paths = [found[file.job.load_id] for file in good]
        measured = measure(con, batch[0].job.export, paths, batch[0].job.as_of_date) if good else {}
        for file in good:
            publish(found[file.job.load_id], file.job.parquet, sync_folder=False)
            file.job.quarantine.unlink(missing_ok=True)
        sync(batch[0].job.parquet.parent)
    except Exception:
        return {}  # one of them is odd: each is parsed alone, and the boundary there says which and why
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {file.job.load_id: _result(file, extras, measured) for file in good}


def _result(file: Inspected, extras: list[str], measured: dict[str, Measured]) -> ParseResult:
    about = measured.get(file.job.load_id, Measured())
    return ParseResult(
        parsed=file.parsed,
        landed=file.parsed,
        future=about.future,
        ambiguous=about.ambiguous,
        newest_version=about.newest_version,
        extra_columns=extras,
    )


def _copy(con: duckdb.DuckDBPyConnection, batch: list[Inspected], folder: Path) -> list[str]:
    """Write one Parquet per load below `folder`; returns the names of the columns that the contract does not know."""
    job, limit = batch[0].job, batch[0].job.export.facts.max_line_bytes
    sources = [file.text for file in batch]
    columns = batch[0].columns
    if columns is None:
        lines = delimited.duckdb_lines(sources, limit)
        keys = json_rows.seen_keys(con, lines)
        columns = json_rows.map_keys(job.export, keys)
        if columns.extras:
            raise FileHeld("not_uniform", "the files may differ in their unknown keys", "parse each alone")
        sql = json_rows.json_rows(job.export, keys, columns, lines, has_path=True)
    else:
        sql = delimited.duckdb_rows(sources, job.dialect, columns.width, batch[0].skipped, limit)
    judged = judged_rows(
        job.channel, job.export, columns, sql, has_raw=False, has_suppressed=job.has_suppressed, has_path=True
    )
    selected = landed_columns(job.export, list(columns.extras), Origin("", "", None, None), is_batch=True)
    con.execute(
        f"""
        copy (
            with {judged}
            select {selected} from ranked join ({_loads(batch)}) as loads using (_path) where _fate = 'landed'
        ) to {literal(str(folder))} (format parquet, partition_by (_load_id), write_partition_columns true)
        """
    )
    return list(columns.extras)


def _loads(batch: list[Inspected]) -> str:
    """SQL values: each file's path, origin, and how many rows come before it, by the independent count."""
    rows = []
    before = 0
    for file in batch:
        job = file.job
        texts = [str(file.text.path), job.load_id, job.file_name, job.period, job.part]
        rows.append(f"({', '.join('null' if text is None else literal(text) for text in texts)}, {before})")
        before += file.parsed
    names = "_path, _load_id, _file_name, _period, _part, _rows_before"
    return f"select * from (values {', '.join(rows)}) as loads ({names})"


def _outputs(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.glob("_load_id=*/*.parquet")):
        yield path.parent.name.removeprefix("_load_id="), path


def _counts(con: duckdb.DuckDBPyConnection, paths: list[Path]) -> dict[str, int]:
    """Rows per load and file written: a load that was split over two files counts as wrong."""
    rows = con.execute(
        "select _load_id, count(*) from read_parquet(?, hive_partitioning = false) group by _load_id",
        [[str(path) for path in paths]],
    ).fetchall()
    return dict(rows)
