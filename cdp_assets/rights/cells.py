"""Cells of aggregates that would show a person by subtraction: with her they counted enough people, without her too few.

Which cells counted her stands in no aggregate. Those of the build are counted again without her: the model's own SQL, as dbt compiled it,
over the same tables but her rows. Where that cannot be done (an older generation, no build, a model over other aggregates) each cell may be one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.publishing.copies import text
from cdp_assets.rights import hers
from cdp_assets.rights.traces import Traces
from cdp_assets.settings import Settings
from cdp_assets.sharing.aggregates import COUNTS_PEOPLE
from cdp_assets.sql_text import identifier

Limits = dict[str, str | bool | int | float | list[str]]


@dataclass(frozen=True)
class Build:
    """The build that a generation was published from: its file, state beside it, and dbt's target."""

    warehouse: Path
    state: Path
    compiled: Path
    nodes: Mapping[str, Any]


@dataclass(frozen=True)
class _Aggregate:
    """A mart that counts people. key: the columns that name a cell; parts: relation as the SQL writes it → its dbt node."""

    key: tuple[str, ...]
    sql: str
    parts: Mapping[str, str]


def build_of(settings: Settings) -> Build | None:
    """The home's build, where it is there with what dbt compiled."""
    manifest, compiled = settings.dbt_target_dir / "manifest.json", settings.dbt_target_dir / "compiled"
    if not (settings.warehouse_path.exists() and manifest.is_file() and compiled.is_dir()):
        return None
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    return Build(settings.warehouse_path, settings.state_path, compiled, nodes)


def to_hide(
    path: Path, traces: Traces, key: bytes, smallest_cell: int, build: Build | None, limits: Limits
) -> dict[str, list[int]]:
    """`schema.table` of a published file → numbers of the rows that would count too few people once those who go are gone."""
    with duckdb.connect(config=limits) as con:
        con.execute(f"attach {text(path)} as held (read_only)")
        aggregates = [
            (schema, table, counts)
            for schema, table, columns in hers.tables_of(con, "held")
            if (counts := [name for name in columns if COUNTS_PEOPLE.fullmatch(name)])
            and not hers.can_tell(columns)
        ]
        if not aggregates:
            return {}
        if build:
            con.execute(f"attach {text(build.warehouse)} as warehouse (read_only)")
            con.execute(f"attach {text(build.state)} as state (read_only)")
        hers.register(con, traces, key)
        found = {}
        for schema, table, counts in aggregates:
            sql = build and _counted_again(con, build, schema, table, counts, smallest_cell)
            sql = sql or _may_be_hers(schema, table, counts, smallest_cell, len(traces.customer_ids))
            found[f"{schema}.{table}"] = [row[0] for row in con.execute(sql).fetchall()]
        return {name: rows for name, rows in found.items() if rows}


def _may_be_hers(schema: str, table: str, counts: Sequence[str], smallest_cell: int, gone: int) -> str:
    """SQL of the rows that would be left with too few if all who go were counted in them."""
    most = smallest_cell - 1 + max(gone, 1)
    few = " or ".join(f"coalesce({identifier(name)} between 1 and {most}, false)" for name in counts)
    return f"select rowid from held.{identifier(schema, table)} where {few}"


def _counted_again(
    con: duckdb.DuckDBPyConnection,
    build: Build,
    schema: str,
    table: str,
    counts: Sequence[str],
    smallest_cell: int,
) -> str | None:
    """SQL of the rows that counted somebody who goes, and have too few left; None where that cannot be told."""
    aggregate = _aggregate_of(build, schema, table)
    if aggregate is None:
        return None
    try:
        if not _is_as_built(con, schema, table):
            return None
        without = _without(con, build, aggregate)
        if without is None:
            return None
        con.execute(f"create or replace temp table {identifier(f'left_{table}')} as {without}")
    except duckdb.Error:  # its SQL reads what is not there any more: each cell may be one
        return None
    same = " and ".join(
        f"cell.{identifier(name)} is not distinct from remain.{identifier(name)}" for name in aggregate.key
    )
    few = " or ".join(
        f"coalesce(cell.{identifier(name)}, 0) <> coalesce(remain.{identifier(name)}, 0) and coalesce(remain.{identifier(name)}, 0) < {smallest_cell}"
        for name in counts
    )
    source = f"held.{identifier(schema, table)}"
    return f"select cell.rowid from {source} as cell left join temp.{identifier(f'left_{table}')} as remain on {same} where {few}"


def _aggregate_of(build: Build, schema: str, table: str) -> _Aggregate | None:
    """What dbt knows of a mart: its key by the test of it, its SQL, and the relations that it reads. None for no model of dbt's."""
    node = next(
        (each for each in build.nodes.values() if each["resource_type"] == "model" and (each["schema"], each["name"]) == (schema, table)),
        None,
    )  # fmt: skip
    path = build.compiled / node["package_name"] / node["original_file_path"] if node else None
    if node is None or path is None or not path.is_file():
        return None
    keys = [
        tuple(each["test_metadata"]["kwargs"]["columns"])
        for each in build.nodes.values()
        if each.get("attached_node") == node["unique_id"]
        and (each.get("test_metadata") or {}).get("name") == "unique_key"
    ]
    parts = node["depends_on"]["nodes"]
    if not keys or any(
        each not in build.nodes for each in parts
    ):  # a source is no model: nobody says of whom it is made
        return None
    return _Aggregate(
        keys[0],
        path.read_text(encoding="utf-8"),
        {build.nodes[each]["relation_name"]: each for each in parts},
    )


def _is_as_built(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether the published cells are the build's, but for those that an erasure took before: a run that was refused has built others since."""
    published, built = f"held.{identifier(schema, table)}", f"warehouse.{identifier(schema, table)}"
    ((others,),) = con.execute(f"select count(*) from (from {published} except all from {built})").fetchall()
    return not others


def _without(con: duckdb.DuckDBPyConnection, build: Build, aggregate: _Aggregate) -> str | None:
    """The model's SQL over relations without rows of those who go; None where one of them is an aggregate itself."""
    columns = {(schema, table): names for schema, table, names in _relations(con)}
    sql = aggregate.sql
    for number, (relation, unique_id) in enumerate(aggregate.parts.items()):
        node = build.nodes[unique_id]
        is_hers = hers.condition(columns.get((node["schema"], node["name"]), []))
        if is_hers is None:
            if not _is_of_nobody(build, unique_id, columns):
                return None
            continue
        con.execute(
            f"create or replace temp view without_{number} as select * from {relation} where not ({is_hers})"
        )
        sql = sql.replace(relation, f"temp.without_{number}")
    return sql


def _relations(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, list[str]]]:
    """(schema, table or view, columns) of the build."""
    yield from con.execute(
        "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns() where database_name = 'warehouse' group by all"
    ).fetchall()


def _is_of_nobody(build: Build, unique_id: str, columns: Mapping[tuple[str, str], Sequence[str]]) -> bool:
    """Whether a relation is made of reference lists alone."""
    node = build.nodes.get(unique_id)
    if node is None or hers.can_tell(columns.get((node["schema"], node["name"]), [])):
        return False
    return node["resource_type"] == "seed" or (
        bool(node["depends_on"]["nodes"])
        and all(_is_of_nobody(build, each, columns) for each in node["depends_on"]["nodes"])
    )
