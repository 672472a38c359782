"""A night builds again what would come out otherwise, and nothing else; where anything may have been tampered with, all of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from benches import bench_carried
from cdp_assets import built_from, dbt_manifest, dbt_runner, warehouse_seal
from cdp_assets.identity.cached_tables import made_by
from cdp_assets.landing import ensure_empty, load_contracts
from cdp_assets.publishing.fingerprint import columns_of, fingerprint_of
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier
from cdp_assets.state import connect_state, migrate
from cdp_assets.warehouse import open_warehouse
from tests.landing.builders import deliver
from tests.operations.test_unchanged import RATES, land_inbox, old

# Rates from a landed file to a table behind a list; payments and stores through views; tables of state; one that a Python step wrote.
MODELS = {
    "fx_rates", "line_kinds", "stg_ecb__rates", "reporting_rates", "stg_shopify__payments", "stg_square__payments", "stg_youzan__payments",
    "order_payments", "payments", "stg_square__stores", "stg_youzan__stores", "channel_stores", "stores", "ops_loads", "ops_held_files",
    "ops_rulings", "ops_guard_events",
}  # fmt: skip
DAY = date(2017, 1, 31)
NOTHING = SimpleNamespace(nodes={}, sources={}, macros={})  # dbt's manifest of an empty project
builds = pytest.mark.integration


def fingerprints(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, str]]:
    """Node → (rows, fingerprint of its content) of the tables that say so."""
    rows = con.execute(
        "select node, row_count, fingerprint from build.nodes where fingerprint is not null and row_count is not null"
    ).fetchall()
    return {node: (count, found) for node, count, found in rows}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root = tmp_path_factory.mktemp("home")
    chosen = Settings(home=root, inbox=root / "inbox", key="test-key-of-at-least-thirty-two-bytes")
    migrate(chosen)
    ensure_empty(chosen, load_contracts(*chosen.contract_dirs))
    old(deliver(chosen, "ecb/eurofxref.csv", RATES))
    land_inbox(chosen)
    guard(chosen, "one")
    return chosen


def guard(settings: Settings, message: str) -> None:
    """The tables of identity, as a step writes them: through the warehouse's own door."""
    with open_warehouse(settings) as con:
        con.execute("create schema if not exists identity")
        con.execute(
            "create or replace table identity.guard_events as select 'g' as guard, 't' as identifier_type, 'k' as identifier_key, "
            f"1::bigint as record_count, 1::bigint as people_count, '{message}' as message"
        )
        con.execute(
            "create or replace table identity.customer_ids (record_key text, customer_id text, channel text, source_customer_id text)"
        )


def nodes(settings: Settings) -> list[str]:
    """The models, and the tests that look at nothing else."""
    manifest = dbt_manifest.for_home(settings)
    models = {node for node, each in manifest.nodes.items() if each.name in MODELS}
    tests = [
        node
        for node, each in manifest.nodes.items()
        if each.resource_type == "test" and set(each.depends_on.nodes) <= models
    ]
    return [*models, *tests]


def night(settings: Settings, as_of_date: date = DAY) -> set[str]:
    """One build of the chain; the names of what was built or judged, which are not all."""
    chosen = nodes(settings)
    manifest = dbt_manifest.for_home(settings)
    results = dbt_runner.invoke(
        settings, ["build", "--full-refresh"], as_of_date=as_of_date, nodes=chosen, is_carrying=True
    )
    assert all(each.passed for each in results), [each.reason for each in results if not each.passed]
    assert len(results) == len(chosen)
    places = {each.unique_id: number for number, each in enumerate(results)}
    for (
        node,
        place,
    ) in places.items():  # Dagster wants to hear of a table before it hears of what is made of it
        above = getattr(manifest.nodes[node].depends_on, "nodes", ())
        assert all(places.get(parent, -1) < place for parent in above), node
    return {manifest.nodes[each.unique_id].name for each in results if not each.is_carried}


def told_to_dbt(settings: Settings, monkeypatch: pytest.MonkeyPatch, as_of_date: date = DAY) -> set[str]:
    """One build of the chain; the names of what dbt was asked about, which are not all."""
    manifest = dbt_manifest.for_home(settings)
    asked: set[str] = set()
    invoke = dbt_runner._invoke

    def listen(*arguments: object) -> object:
        asked.update(each.name for each in manifest.nodes.values() if dbt_runner.TAG in each.tags)
        return invoke(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(dbt_runner, "_invoke", listen)
        night(settings, as_of_date)
    return asked


@pytest.fixture
def settled(home: Settings) -> Settings:
    """Another night over it would build nothing."""
    night(home)
    return home


def everything(settings: Settings) -> set[str]:
    manifest = dbt_manifest.for_home(settings)
    return {manifest.nodes[node].name for node in nodes(settings)}


@builds
def test_nothing_changed_builds_nothing_also_on_another_date(settled: Settings) -> None:
    assert len(everything(settled) - MODELS) >= 3, "tests are among them"
    assert night(settled, DAY + timedelta(days=1)) == set()


@builds
def test_dbt_is_not_told_of_what_stands_as_it_would_be_built(
    settled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(settled)  # what was carried says by now what it is compiled from
    assert told_to_dbt(settled, monkeypatch, DAY + timedelta(days=1)) == set()
    other = settled.model_copy(update={"business_time_zone": "Asia/Shanghai"})
    assert told_to_dbt(other, monkeypatch) == everything(settled), "whatever the setting may mean to them"
    assert told_to_dbt(other, monkeypatch) == set()
    guard(settled, "four")
    told = told_to_dbt(other, monkeypatch)
    assert "ops_guard_events" in told
    assert not told & {"fx_rates", "stores", "order_payments"}
    with open_warehouse(settled) as con:
        con.execute("drop table staging.stg_square__stores")
    assert "stg_square__stores" in told_to_dbt(other, monkeypatch)


@builds
def test_a_home_that_was_moved_is_compiled_again(
    settled: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SQL names the home's files, which are the very same files as before."""
    night(settled)
    moved = settled.model_copy(update={"home": tmp_path / "moved"})
    settled.home.rename(moved.home)
    try:
        assert told_to_dbt(moved, monkeypatch) == everything(settled)
        assert told_to_dbt(moved, monkeypatch) == set()
    finally:
        moved.home.rename(settled.home)


@builds
def test_what_was_compiled_and_is_gone_is_compiled_again(
    settled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(settled.dbt_target_dir / "compiled")
    assert told_to_dbt(settled, monkeypatch) == everything(settled), "rights read what was compiled"
    assert (settled.dbt_target_dir / "compiled").is_dir()


@builds
def test_what_is_written_down_is_what_stands_there(settled: Settings) -> None:
    with duckdb.connect(str(settled.warehouse_path), read_only=True) as con:
        database = settled.warehouse_path.stem
        found = fingerprints(con)
        assert {node.split(".")[-1] for node in found} == MODELS - {
            "order_payments",
            "payments",
            "channel_stores",
        }
        for node, known in found.items():
            one = dbt_manifest.for_home(settled).nodes[node]
            columns = columns_of(con, database, one.schema, one.name)
            assert fingerprint_of(con, identifier(database, one.schema, one.name), columns) == known, node


@builds
def test_a_new_file_builds_its_way_and_stops_where_nothing_comes_out_otherwise(settled: Settings) -> None:
    old(deliver(settled, "ecb/eurofxref-hist.csv", RATES.replace("04 January", "05 January")))
    land_inbox(settled)
    built = night(settled)
    assert {"stg_ecb__rates", "reporting_rates", "ops_loads"} <= built
    assert not built & {"fx_rates", "stg_square__stores", "stores", "order_payments", "ops_guard_events"}
    # the ledger says something new of the same rates: staging reads them again, and nothing behind it changes
    with connect_state(settled) as con:
        con.execute("update loads set contract_version = '9.9.9' where channel = 'ecb'")
    built = night(settled)
    assert {"stg_ecb__rates", "ops_loads"} <= built
    assert "reporting_rates" not in built


@builds
def test_what_a_step_wrote_and_what_state_says_are_inputs(settled: Settings) -> None:
    guard(settled, "two")
    with connect_state(settled) as con:
        con.execute(
            "insert into held_files values ('ecb', null, 'x.txt', 1, 'unmatched', 'd', 'r', 'run', timestamp '2020-01-01')"
        )
    assert night(settled) & MODELS == {"ops_guard_events", "ops_held_files"}


@pytest.mark.slow
def test_settings_keys_and_versions_are_inputs(settled: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    other = settled.model_copy(update={"reporting_currency": "EUR"})
    assert "reporting_rates" in night(other)
    assert night(other.model_copy(update={"key": "another-key-of-at-least-thirty-two-bytes"})) == everything(
        settled
    )
    monkeypatch.setattr(built_from, "version", lambda name: f"another {name}")
    assert night(settled) == everything(settled)


@pytest.mark.slow
def test_a_fingerprint_that_is_missing_builds_its_table_and_what_cannot_know(settled: Settings) -> None:
    with open_warehouse(settled) as con:
        con.execute("delete from build.nodes where ends_with(node, '.fx_rates')")
    assert night(settled) == {"fx_rates"}, "it came out as it was: nothing behind it changes"
    with open_warehouse(settled) as con:
        con.execute("update build.nodes set fingerprint = null where ends_with(node, '.fx_rates')")
    assert "reporting_rates" in night(settled)
    warehouse_seal.break_open(settled)


@pytest.mark.slow
def test_only_a_pass_is_carried(settled: Settings) -> None:
    guard(settled, "three")
    with open_warehouse(settled) as con:
        con.execute("insert into identity.guard_events select * from identity.guard_events")
    test = "unique_key_ops_guard_events_guard__identifier_type__identifier_key"
    for _ in range(2):
        with pytest.raises(AssertionError, match=r"."):
            night(settled)
    guard(settled, "three")
    assert test in night(settled)
    assert night(settled) == set()


@pytest.mark.slow
def test_dbt_run_by_hand_makes_the_next_night_build_everything(settled: Settings) -> None:
    dbt_runner.invoke(settled, ["run", "--select", "ops_loads"], as_of_date=DAY)
    assert night(settled) == everything(settled)


def sealed(folder: Path) -> Settings:
    """A warehouse with a table, as our own code left it."""
    settings = Settings(home=folder, key="test-key-of-at-least-thirty-two-bytes")
    migrate(settings)
    with open_warehouse(settings) as con:
        con.execute(built_from.TABLES)
        con.execute("create schema identity")
        con.execute("create table identity.records as select 1 as a")
        con.execute("comment on table identity.records is 'made by'")
        con.execute(
            "insert into build.nodes by name select 'model.a' as node, 'i' as inputs, 'f' as fingerprint, 1 as row_count"
        )
    warehouse_seal.begin(settings)
    return settings


def by_hand(statement: str) -> Callable[[Settings], object]:
    def change(settings: Settings) -> None:
        with duckdb.connect(str(settings.warehouse_path)) as con:
            con.execute(statement)

    return change


def seal_from(at: datetime) -> Callable[[Settings], object]:
    def change(settings: Settings) -> None:
        path = warehouse_seal.path_of(settings)
        path.write_text(json.dumps(json.loads(path.read_text()) | {"whole_at": at.isoformat()}))

    return change


def killed(settings: Settings) -> None:
    """A process that wrote one table and died before the next, or before its log was merged."""
    code = (
        "import duckdb, os, sys; con = duckdb.connect(sys.argv[1]); con.execute('create table t as select 1 as a'); "
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(settings.warehouse_path)], check=False).returncode


def failed(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError), open_warehouse(settings) as con:
        con.execute("create table t as select 1 as a")
        raise ZeroDivisionError


TAMPERED: dict[str, Callable[[Settings], object]] = {
    "a row changed by hand": by_hand("update build.nodes set fingerprint = 'g'"),
    "a table dropped by hand": by_hand("drop table build.nodes"),
    "a warehouse that is gone": lambda home: home.warehouse_path.unlink(),
    "another warehouse": lambda home: (
        home.warehouse_path.unlink(),
        by_hand("create table t as select 1")(home),
    ),
    "a process that was killed": killed,
    "a step that failed": failed,
    "a seal that is gone": warehouse_seal.break_open,
    "a seal that cannot be read": lambda home: warehouse_seal.path_of(home).write_text("[]"),
    "a week": seal_from(datetime.now(UTC) - timedelta(days=7)),
    "a clock that went back": seal_from(datetime.now(UTC) + timedelta(hours=1)),
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_warehouse_that_may_have_been_tampered_with_is_not_believed(
    tmp_path: Path, change: Callable[[Settings], object]
) -> None:
    settings = sealed(tmp_path)
    assert warehouse_seal.is_whole(settings)
    change(settings)
    assert not warehouse_seal.is_whole(settings)
    built_from.plan(settings, NOTHING, [], {})
    with open_warehouse(settings) as con:
        assert fingerprints(con) == {}, "what it said of its tables is forgotten"
        assert made_by(con, "records") is None, "also of those that identity keeps"
    assert warehouse_seal.is_whole(settings), "and from now on it is believed again"


def test_a_warehouse_of_another_version_is_not_believed(tmp_path: Path) -> None:
    settings = sealed(tmp_path)
    with open_warehouse(settings) as con:
        con.execute("alter table build.nodes drop column hash_xor")
    assert warehouse_seal.is_whole(settings), "nobody else wrote in it"
    built_from.plan(settings, NOTHING, [], {})
    with open_warehouse(settings) as con:
        assert fingerprints(con) == {}
        assert made_by(con, "records") is None


def test_changes_are_let_go_once_published(tmp_path: Path) -> None:
    settings = sealed(tmp_path)
    with open_warehouse(settings) as con:
        con.execute('create table build."changes of model.a" as select 1 as a')
        con.execute("insert into build.changes values ('model.a', 'f', 'g')")
    built_from.forget_changes(settings)
    assert warehouse_seal.is_whole(settings)
    built_from.plan(settings, NOTHING, [], {})
    with open_warehouse(settings) as con:
        assert con.execute("select count(*) from build.changes").fetchall() == [(0,)]
        assert not con.execute(
            "select 1 from duckdb_tables() where table_name = 'changes of model.a'"
        ).fetchall()
        assert fingerprints(con) == {"model.a": (1, "f")}


def test_what_we_write_ourselves_keeps_the_seal(tmp_path: Path) -> None:
    settings = sealed(tmp_path)
    with open_warehouse(settings) as con:
        con.execute("create table t as select 1 as a")
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        con.execute("select * from t").fetchall()
    assert warehouse_seal.is_whole(settings)
    built_from.plan(settings, NOTHING, [], {})
    with open_warehouse(settings) as con:
        assert fingerprints(con) == {"model.a": (1, "f")}
        assert made_by(con, "records") == "made by"
    by_hand("create table u as select 1 as a")(settings)
    with open_warehouse(settings) as con:
        con.execute("create table v as select 1 as a")
    assert not warehouse_seal.is_whole(settings), "a later write of ours makes nothing good"


@pytest.fixture(scope="module")
def retailer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bench_carried.simulate(tmp_path_factory.mktemp("retailer"), 60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_night_equals_one_that_builds_everything(retailer: Path, tmp_path: Path, seed: int) -> None:
    """Over histories drawn at random; `benches/bench_carried.py` lives fifty of them."""
    assert bench_carried.live(tmp_path, retailer, seed, nights=2) == []
