"""The engine: files keep the storage version that its 1.x clients read, and what was measured of it still holds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from cdp_assets import engine
from cdp_assets.engine import STORAGE_VERSION, batches, given, scratch
from cdp_assets.publishing.generations import current_files
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state, migrate
from cdp_assets.warehouse import open_warehouse
from tests.publishing.builds import publish_amounts, read_current

FORMER = "1.5.5"  # the last engine before; its clients are the way back
# A home's state as the former engine made it: its default storage version, a row of ours.
MADE_BY_FORMER = """
import sys, duckdb
con = duckdb.connect(sys.argv[1])
for path in sys.argv[2:]:
    con.execute(open(path, encoding="utf-8").read())
con.execute("create table schema_migrations (version text primary key, applied_at timestamp not null)")
for path in sys.argv[2:]:
    con.execute("insert into schema_migrations values (?, now()::timestamp)", [path.rpartition("/")[2].removesuffix(".sql")])
con.execute("insert into key_fingerprint values ('of the former engine')")
"""
READ_BY_FORMER = """
import sys, duckdb
assert duckdb.__version__ == "1.5.5", duckdb.__version__
state, marts = sys.argv[1:]
con = duckdb.connect(state)
print(*[row[0] for row in con.execute("select fingerprint from key_fingerprint order by 1").fetchall()], sep=",")
con.execute("insert into key_fingerprint values ('back')")
con.execute("checkpoint")
con.close()
con = duckdb.connect(marts, read_only=True)
print(con.execute("select sum(amount) from marts.order_amounts").fetchone()[0])
"""

Former = Callable[..., str]


@pytest.fixture(scope="session")
def former(tmp_path_factory: pytest.TempPathFactory) -> Former:
    """Runs a script under the former engine, which pip installs into a folder of its own."""
    folder = tmp_path_factory.mktemp("former_engine")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), f"duckdb=={FORMER}"]  # fmt: skip
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"skipped: duckdb {FORMER} cannot be installed from here")

    def run(script: str, *arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": str(folder)},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def storage_versions(path: Path) -> set[str]:
    """The storage version that a file's first page names."""
    with duckdb.connect(str(path), read_only=True) as con:
        found = con.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name = current_database()"
        ).fetchall()
    return {row[0] for row in found}


def test_every_file_of_a_home_is_written_for_clients_of_the_oldest_engine(settings: Settings) -> None:
    settings.state_path.unlink()
    migrate(settings)
    with open_warehouse(settings):
        pass
    assert storage_versions(settings.warehouse_path) == {f"{STORAGE_VERSION}+"}
    publish_amounts(settings, "one", 1, 2)
    files = current_files(settings)
    assert files is not None
    for path in (settings.state_path, files.marts, files.contact):
        assert storage_versions(path) == {f"{STORAGE_VERSION}+"}, path.name


@pytest.mark.integration
@pytest.mark.parametrize("made_by", ["former", "this"])
def test_a_home_goes_from_the_former_engine_to_this_one_and_back(
    settings: Settings, former: Former, made_by: str
) -> None:
    settings.state_path.unlink()
    if made_by == "former":
        schema = Path(__file__).parent.parent / "cdp_assets" / "state_schema"
        former(MADE_BY_FORMER, settings.state_path, *sorted(schema.glob("*.sql")))
    assert (migrate(settings) == 0) == (made_by == "former")
    with connect_state(settings) as con:
        con.execute("insert into key_fingerprint values ('张三')")
    publish_amounts(settings, "one", 1, 2)
    assert read_current(settings) == 3
    files = current_files(settings)
    assert files is not None
    seen, total = former(READ_BY_FORMER, settings.state_path, files.marts.resolve()).splitlines()
    assert seen.split(",") == (["of the former engine"] if made_by == "former" else []) + ["张三"]
    assert total == "3"
    with connect_state(settings, read_only=True) as con:
        assert ("back",) in con.execute("select fingerprint from key_fingerprint").fetchall()


def test_a_table_from_memory_may_be_given_while_an_answer_is_half_read() -> None:
    with duckdb.connect() as con:
        con.execute("select unnest([1, 2])").fetchone()
        with given(con, "rows", pa.table({"a": [3]})):
            assert con.execute("select a from rows").fetchone() == (3,)
        with pytest.raises(duckdb.CatalogException):
            con.execute("from rows")


def test_a_large_answer_comes_in_batches() -> None:
    with duckdb.connect() as con:
        con.execute("select unnest([1, 2])").fetchone()
        read = batches(con, "select range as a from range(10000) where range < ?", 2048, [5000])
        assert sum(batch.num_rows for batch in read) == 5000


def test_months_and_days_in_one_select_stay_apart() -> None:
    """DuckDB 1.x merged intervals that compare equal: 30 days and one month gave the same day."""
    with duckdb.connect() as con:
        con.execute("create table days as select timestamp '2024-03-31' as day")
        found = con.execute("select day - interval 30 day, day - interval 1 month from days").fetchall()[0]
    assert [each.day for each in found] == [1, 29]


def test_half_a_cent_is_rounded_up_by_a_cast() -> None:
    """Not by `round` of a double, which looks at the binary value: models cast quotients of money."""
    with duckdb.connect() as con:
        found = con.execute("select cast(1.19::decimal(18, 2) / 2 as decimal(18, 2))::varchar").fetchone()
    assert found == ("0.60",)


def test_what_is_erased_is_not_in_a_copy_of_the_file(tmp_path: Path) -> None:
    """Deleted values may stay in a file's free blocks and statistics; a copy into a new file holds what is left, and no more."""
    source, copy = tmp_path / "source.duckdb", tmp_path / "copy.duckdb"
    with duckdb.connect(str(source), config={"storage_compatibility_version": STORAGE_VERSION}) as con:
        con.execute(
            "create table t as select case when i = 777 then 'secret-zq' else 'row ' || i end as s from range(2000) as r(i)"
        )
        con.execute("checkpoint")
        assert b"secret-zq" in source.read_bytes()
        con.execute("delete from t where s = 'secret-zq'; checkpoint")
        con.execute(f"attach '{copy}' as target (storage_version '{STORAGE_VERSION}')")
        con.execute("create table target.t as from t")
    assert b"secret-zq" not in copy.read_bytes()


def test_a_borrowed_instance_is_given_back_as_it_was() -> None:
    with scratch({"threads": 1}) as con:
        con.execute("create table one as select 1 as n")
        con.execute("create macro two() as 2")
        con.execute("create temp table three as select 3 as n")
        con.execute("attach ':memory:' as more")
        con.execute("set TimeZone = 'Asia/Shanghai'")
        assert con.execute("select current_setting('threads')").fetchone() == (1,)
        first = con.execute("select current_database()").fetchone()
    with scratch() as con:
        assert con.execute("select count(*) from duckdb_tables()").fetchone() == (0,)
        assert con.execute(
            "select count(*) from duckdb_functions() where function_name = 'two'"
        ).fetchone() == (0,)
        databases = con.execute("select database_name from duckdb_databases() where not internal").fetchall()
        assert sorted(databases) == [("memory",), first]
        assert con.execute("select current_setting('threads')").fetchone() != (1,) or os.cpu_count() == 1
        assert con.execute("select current_setting('TimeZone')").fetchone() != ("Asia/Shanghai",)


def test_what_does_not_fit_the_memory_is_spilled_in_the_home_and_nowhere_else(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    much = "create table much as select range as n, hash(range)::varchar || repeat('x', 200) as words from range(400000)"
    with scratch(settings.duckdb_limits | {"memory_limit": "60MB", "threads": 1}) as con:
        con.execute(much)
        assert list(settings.home.glob("*.duckdb.tmp/*"))
    assert list((tmp_path / "elsewhere").iterdir()) == []
    with pytest.raises(duckdb.OutOfMemoryException), scratch({"memory_limit": "60MB", "threads": 1}) as con:
        con.execute(much)


def test_two_borrowers_at_once_see_nothing_of_each_other() -> None:
    with scratch() as one, scratch() as other:
        one.execute("create table a as select 1 as n")
        with pytest.raises(duckdb.CatalogException):
            other.execute("select * from a")


def test_an_instance_in_which_something_went_wrong_is_not_lent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    idle: list[duckdb.DuckDBPyConnection] = []
    monkeypatch.setattr(engine, "_idle", idle)
    with pytest.raises(duckdb.ConversionException), scratch() as con:
        con.execute("select cast('x' as int)")
    assert idle == []
    with scratch():
        pass
    assert len(idle) == 1


def test_a_file_is_shared_while_it_is_open_and_free_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "a file's.duckdb"
    with engine.database(path) as con:
        con.execute("create table a as select 1 as n")
        with engine.database(path, read_only=True) as nested:
            assert nested.execute("select n from a").fetchone() == (1,)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]  # no log of writes is left
    with engine.database(path, read_only=True) as reader:
        with pytest.raises(engine.HeldForReading), engine.database(path):
            pass
        with pytest.raises(duckdb.InvalidInputException):
            reader.execute("create table b as select 1 as n")
    with duckdb.connect(str(path)) as con:  # and no lock
        assert con.execute("select n from a").fetchone() == (1,)


def test_what_a_file_holds_is_read_again_by_the_next_borrower(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    read = f"select n from read_parquet('{path}')"
    for n in (1, 2):
        with scratch() as con:
            con.execute(f"copy (select {n} as n) to '{path}' (format parquet)")
            os.utime(path, (0, 0))
            assert con.execute(read).fetchone() == (n,)


def test_a_child_process_borrows_its_own(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from cdp_assets.engine import scratch\n"
        "with scratch() as con: con.execute('select sum(i) from range(100000) as t(i)').fetchall()\n"
        "if (child := os.fork()) == 0:\n"
        "    with scratch() as con: ok = con.execute('select sum(i) from range(100000) as t(i)').fetchall()\n"
        "    os._exit(0 if ok else 1)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
