"""Aggregates of several homes side by side: each gives only cells that count enough people, and nothing that names one; more is refused.

A home holds one region (`landing.residence`); this is the only way in which its marts leave it for another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.activation.published_file import open_published
from cdp_assets.landing.files import hash_file, make_private_dir, replacing
from cdp_assets.landing.residence import region_of
from cdp_assets.publishing.masking import Classes
from cdp_assets.settings import Settings
from cdp_assets.sharing.problems import SharingProblem
from cdp_assets.sql_text import identifier, literal

LIST, FORMAT = "aggregates.json", 1
# Columns of aggregates that count people, whichever part of them: each must reach k, or what stands beside it is of few.
COUNTS_PEOPLE = re.compile(
    r"(\w+_)?(customers|people|persons|members|buyers)(_\w+)?|(customer|people|person)_count"
)
# Columns that stay here: a running sum and a share of the whole tell what the cells hold that are left out, an extreme is one person's.
TELLS_OF_FEW = re.compile(
    r"cumulative_\w+|(\w+_)?share|(least|greatest|lowest|highest|min|max)_\w+|(first|last)_\w+_at"
)
MAY_LEAVE = {"public", "internal"}


def export(settings: Settings, folder: Path, classes: Classes, *, k: int) -> dict[str, int]:
    """Write the aggregates of the current generation into a new folder; mart → rows. Raises SharingProblem without a region.

    A mart is an aggregate where it counts people and every column of it is public or internal; cells of fewer than `k` stay here, and columns
    that tell of few.
    """
    region = region_of(settings) or settings.region
    if region is None:
        raise SharingProblem(
            "the home does not say which region it holds", "ONEFOLD_REGION", "set it, such as EU"
        )
    if folder.exists() and any(folder.iterdir()):
        raise SharingProblem("the folder is not empty", str(folder), "name a new one")
    make_private_dir(folder)
    tables: dict[str, dict[str, Any]] = {}
    with open_published(settings) as published, duckdb.connect() as writer:
        for mart, columns in sorted(published.columns.items()):
            told, counts = _told(columns)
            if not counts or any(classes.get((mart, name)) not in MAY_LEAVE for name in columns):
                continue
            enough = " and ".join(f"coalesce({identifier(name)}, 0) >= {int(k)}" for name in counts)
            found = published.con.sql(f"select {told} from marts.{identifier(mart)} where {enough}").arrow()
            writer.register("found", found)
            path = folder / f"{mart}.parquet"
            writer.execute(f"copy found to {literal(path)} (format parquet)")
            path.chmod(0o600)
            ((rows,),) = writer.execute(f"select count(*) from read_parquet({literal(path)})").fetchall()
            tables[mart] = {"rows": rows, "sha256": hash_file(path)}
        said = {
            "format": FORMAT, "onefold": version("onefold"), "region": region, "k": k,
            "generation": published.generation, "as_of": published.as_of.isoformat(), "tables": tables,
        }  # fmt: skip
    (folder / LIST).write_text(json.dumps(said, indent=1), encoding="utf-8")
    return {mart: each["rows"] for mart, each in tables.items()}


def join(folders: Sequence[Path], out: Path, *, k: int) -> dict[str, int]:
    """Put the aggregates of several homes side by side in one DuckDB file, with their region; mart → rows.

    Raises SharingProblem for a folder that was changed, that allows smaller cells than `k`, or whose region is there twice.
    """
    if out.exists():
        raise SharingProblem("the file is there already", str(out), "name a new one")
    lists = [(folder, _read(folder)) for folder in folders]
    regions = [told["region"] for _, told in lists]
    if twice := sorted({region for region in regions if regions.count(region) > 1}):
        raise SharingProblem(
            f"{twice[0]} is there twice", ", ".join(map(str, folders)), "one folder for each region"
        )
    found: dict[str, int] = {}
    with replacing(out) as temporary:
        with duckdb.connect(str(temporary)) as con:
            for mart in sorted({mart for _, told in lists for mart in told["tables"]}):
                parts = [
                    _part(con, folder, told, mart, k) for folder, told in lists if mart in told["tables"]
                ]
                con.execute(f"create table {identifier(mart)} as {' union all by name '.join(parts)}")
                found[mart] = int(con.execute(f"select count(*) from {identifier(mart)}").fetchall()[0][0])
        temporary.chmod(0o600)
    return found


def _told(columns: Iterable[str]) -> tuple[str, list[str]]:
    """SQL of a mart's columns that may leave, and the names of those that count people."""
    names = [name for name in columns if not TELLS_OF_FEW.fullmatch(name)]
    return ", ".join(map(identifier, names)), [name for name in names if COUNTS_PEOPLE.fullmatch(name)]


def _read(folder: Path) -> dict[str, Any]:
    path = folder / LIST
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        wrong = [
            name
            for name, each in told["tables"].items()
            if not name.isidentifier() or hash_file(folder / f"{name}.parquet") != each["sha256"]
        ]
        is_known = told["format"] == FORMAT and isinstance(told["region"], str)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        wrong, is_known = [LIST], False
    if wrong or not is_known:
        raise SharingProblem(
            f"{(wrong or [LIST])[0]} is missing or was changed",
            str(folder),
            "`onefold aggregates export` in its home again",
        )
    return told


def _part(con: duckdb.DuckDBPyConnection, folder: Path, told: Mapping[str, Any], mart: str, k: int) -> str:
    """SQL of one home's rows of a mart; looked at again here: whoever wrote it may have counted otherwise."""
    source = f"read_parquet({literal(folder / f'{mart}.parquet')})"
    columns = [row[0] for row in con.execute(f"describe select * from {source}").fetchall()]
    chosen, counts = _told(columns)
    small = " or ".join(f"coalesce({identifier(name)}, 0) < {int(k)}" for name in counts) or "true"
    ((few,),) = con.execute(f"select count(*) from {source} where {small}").fetchall()
    if few:
        raise SharingProblem(
            f"{few} cells of {mart} count fewer than {k} people, or none at all",
            str(folder),
            f"export it again with --least {k} or more",
        )
    return f"select {literal(told['region'])} as region_of_home, {literal(told['generation'])} as generation, {chosen} from {source}"
