"""One night on Spark's local mode, from landed files to the published marts, beside the same night on DuckDB; and the way back.

Needs Java and pyspark, in an environment of its own (`make test-spark`): skipped with a message elsewhere. As many persons as
ONEFOLD_TEST_SPARK_PERSONS says, on the Spark that ONEFOLD_TEST_SPARK_ADDRESS names.
"""

from __future__ import annotations

import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from cdp_assets.publishing.lock import EXIT_LOCKED
from tests.spark.cluster import missing
from tests.spark.nights import Nights, marts_of, rows_of, wait_until_built

ADDRESS = os.environ.get("ONEFOLD_TEST_SPARK_ADDRESS", "local[2]")
PERSONS = int(os.environ.get("ONEFOLD_TEST_SPARK_PERSONS", "100"))


pytestmark = [pytest.mark.slow, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    found = Nights(tmp_path_factory.mktemp("chain"))
    found.simulate(PERSONS)
    for engine in ("duckdb", "spark"):
        code = found.onefold(found.home(engine), "run", engine=engine, ONEFOLD_SPARK_ADDRESS=ADDRESS)
        assert code == 0, found.said[engine]
    return found


def test_every_mart_of_the_published_file_is_the_same(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    found = nights.parity("duckdb", "spark")
    with capsys.disabled():
        print(f"\n{PERSONS} persons\n{found.table()}")
    assert len(found.rows) > 60
    assert found.different == {}


def test_types_and_definitions_of_the_published_file_are_the_same(nights: Nights) -> None:
    columns = "select schema_name, table_name, column_name, data_type, is_nullable, comment from duckdb_columns() where not internal order by all"
    tables = "select schema_name, table_name, comment from duckdb_tables() where not internal order by all"
    for query in (columns, tables):
        ours, theirs = (rows_of(marts_of(nights.home(engine)), query) for engine in ("duckdb", "spark"))
        assert ours == theirs


def test_pairs_have_the_same_weights(nights: Nights) -> None:
    query = "select node_key_l, node_key_r, match_key, match_weight from identity.pairs order by all"
    ours, theirs = (
        rows_of(nights.home(engine) / "warehouse.duckdb", query) for engine in ("duckdb", "spark")
    )
    assert len(ours) > 100
    assert [row[:3] for row in ours] == [row[:3] for row in theirs]
    assert max(abs(one[3] - other[3]) for one, other in zip(ours, theirs, strict=True)) < 1e-9


@pytest.mark.parametrize(
    "query",
    [
        "select record_key, channel, source_customer_id from identity.records order by all",
        "select record_key, customer_id from identity.customer_ids order by all",
        "select * exclude (generation_number) from identity.customer_id_events order by all",
    ],
)
def test_keys_ids_and_events_are_the_same(nights: Nights, query: str) -> None:
    ours, theirs = (
        rows_of(nights.home(engine) / "warehouse.duckdb", query) for engine in ("duckdb", "spark")
    )
    assert ours == theirs and ours


def test_nothing_of_spark_stays_in_the_home(nights: Nights) -> None:
    assert not (nights.home("spark") / "spark").exists()


def test_a_lost_spark_leaves_readers_what_they_have(nights: Nights) -> None:
    """The process of Spark is killed while models are built, as by a machine that runs out of memory. Nobody else may run meanwhile."""
    home = nights.home("spark")
    before = marts_of(home)
    with ThreadPoolExecutor() as aside:
        running = aside.submit(nights.onefold, home, "run", "--whole", engine="spark")
        java = _java_of(home)
        assert nights.onefold(home, "run", "--whole", engine="spark") == EXIT_LOCKED, nights.said["spark"]
        os.kill(java, signal.SIGKILL)
        assert running.result() == 1
    said = nights.said["spark"]
    assert "a worker of Spark, or Spark itself, was lost" in said and "readers still see g000001" in said
    assert "Traceback" not in said
    assert marts_of(home) == before
    assert not (home / "spark").exists()


def test_a_model_that_only_duckdb_understands_leaves_readers_what_they_have(nights: Nights) -> None:
    """A project's own model: it is named, with Spark's word for what is wrong, and nothing that it stands before is published."""
    project, home = nights.folder / "project", nights.home("spark")
    assert nights.onefold(home, "init", str(project)) == 0, nights.said["spark"]
    own = "select list_sum(list_value(1, 2)) as total"
    assert duckdb.sql(own).fetchall() == [(3,)]
    (project / "dbt_project" / "models" / "staging" / "own_totals.sql").write_text(own + "\n")
    before = marts_of(home)
    assert nights.onefold(home, "run", "--whole", engine="spark", ONEFOLD_PROJECT=str(project)) == 1
    said = nights.said["spark"]
    assert "Spark says UNRESOLVED_ROUTINE" in said and "own_totals" in said, said
    assert "readers still see g000001" in said and "Traceback" not in said
    assert marts_of(home) == before


def _java_of(home: Path) -> int:
    """The process id of the Spark that builds in a home, once it has built something; it names the home in its arguments."""
    wait_until_built(home, "staging")
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes()
            if b"java" in words.split(b"\0")[0] and str(home).encode() in words:
                return int(folder.name)
    raise AssertionError("no process of Spark names the home")


def test_the_way_back_keeps_every_customer_id(nights: Nights) -> None:
    """State is exported from the home on Spark, imported into a new one, and the next night is DuckDB's."""
    exported, back = nights.folder / "exported", nights.folder / "back"
    spark = nights.home("spark")
    assert nights.onefold(spark, "state", "export", str(exported)) == 0, nights.said["spark"]
    back.mkdir(mode=0o700)
    shutil.copytree(spark / "landing", back / "landing")
    assert nights.onefold(back, "state", "import", str(exported), "--home", str(back)) == 0, nights.said[
        "back"
    ]
    assert nights.onefold(back, "run", "--whole") == 0, nights.said["back"]
    crosswalk = "select record_key, customer_id from marts.customer_crosswalk order by all"
    assert rows_of(marts_of(back), crosswalk) == rows_of(marts_of(spark), crosswalk)
