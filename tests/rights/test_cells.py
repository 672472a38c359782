"""Cells of aggregates: only those that counted her, and count too few without her, go; where that cannot be told, each small one does."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from cdp_assets.rights import cells
from cdp_assets.rights.traces import Traces

KEY = b"test-key-of-at-least-thirty-two-bytes"
MODEL = 'select stage, count(*) as customer_count, count(*) / sum(count(*)) over () as share from "warehouse"."segments"."stages" group by stage'
# five people in `new`, she is one of them; five in `lost`, seven in `active`, without her; she alone in `odd`
PEOPLE = {"new": ["hers", *"abcd"], "lost": [*"efghi"], "active": [*"jklmnop"], "odd": ["hers"]}


@pytest.fixture
def build(tmp_path: Path) -> cells.Build:
    compiled = tmp_path / "compiled"
    (compiled / "onefold" / "models").mkdir(parents=True)
    (compiled / "onefold" / "models" / "stages_now.sql").write_text(MODEL)
    model = {"resource_type": "model", "schema": "marts", "name": "stages_now", "unique_id": "m", "package_name": "onefold",
             "original_file_path": "models/stages_now.sql", "relation_name": '"warehouse"."marts"."stages_now"', "depends_on": {"nodes": ["s"]}}  # fmt: skip
    stages = {"resource_type": "model", "schema": "segments", "name": "stages", "unique_id": "s",
              "relation_name": '"warehouse"."segments"."stages"', "depends_on": {"nodes": []}}  # fmt: skip
    key = {
        "resource_type": "test",
        "attached_node": "m",
        "test_metadata": {"name": "unique_key", "kwargs": {"columns": ["stage"]}},
    }
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("create schema segments; create schema marts")
        con.execute("create table segments.stages (customer_id varchar, stage varchar)")
        con.executemany(
            "insert into segments.stages values (?, ?)",
            [[who, stage] for stage, some in PEOPLE.items() for who in some],
        )
        con.execute(f"create table marts.stages_now as {MODEL}")
    duckdb.connect(str(tmp_path / "state.duckdb")).close()
    return cells.Build(
        tmp_path / "warehouse.duckdb",
        tmp_path / "state.duckdb",
        compiled,
        json.loads(json.dumps({"m": model, "s": stages, "k": key})),
    )


@pytest.fixture
def published(build: cells.Build, tmp_path: Path) -> Path:
    path = tmp_path / "masked.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(f"attach '{build.warehouse}' as built (read_only)")
        con.execute("create schema marts; create table marts.stages_now as from built.marts.stages_now")
    return path


def hidden(published: Path, build: cells.Build | None, *gone: str) -> set[str]:
    """Stages whose cell goes."""
    found = cells.to_hide(published, Traces(record_keys=["r"], customer_ids=list(gone)), KEY, 5, build, {})
    with duckdb.connect(str(published), read_only=True) as con:
        rows = con.execute("select rowid, stage from marts.stages_now").fetchall()
    return {stage for number, stage in rows if number in found.get("marts.stages_now", [])}


def test_only_cells_that_counted_her_and_are_left_with_too_few_go(
    published: Path, build: cells.Build
) -> None:
    assert hidden(published, build, "hers") == {"new", "odd"}
    assert hidden(published, build, "j", "k") == set()  # five of seven are left
    assert hidden(published, build, "j", "k", "l") == {"active"}
    assert hidden(published, build, "nobody") == set()
    with duckdb.connect(str(published)) as con:  # cells that went before are no sign of another build
        con.execute("delete from marts.stages_now where stage = 'odd'")
    assert hidden(published, build, "hers") == {"new"}


def test_where_it_cannot_be_told_who_was_counted_each_cell_may_have_been_hers(
    published: Path, build: cells.Build
) -> None:
    assert hidden(published, None, "hers") == {"new", "lost", "odd"}
    assert hidden(published, None, "j", "k", "l") == {"new", "lost", "active", "odd"}
    # the aggregate is made of another one, of which nothing can be taken out
    nodes = dict(build.nodes) | {"s": build.nodes["s"] | {"name": "counts"}}
    assert hidden(published, cells.Build(build.warehouse, build.state, build.compiled, nodes), "hers") == {
        "new",
        "lost",
        "odd",
    }
    # the build is not what was published: a run was refused
    with duckdb.connect(str(build.warehouse)) as con:
        con.execute("delete from marts.stages_now where stage = 'odd'")
    assert hidden(published, build, "hers") == {"new", "lost", "odd"}
