"""One night on Spark's local mode, from landed files to the published marts, beside the same night on DuckDB; and the way back.

Needs Java and pyspark, in an environment of its own (`make test-spark`): skipped with a message elsewhere. As many persons as
ONEFOLD_TEST_SPARK_PERSONS says, on the Spark that ONEFOLD_TEST_SPARK_ADDRESS names.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import duckdb
import pytest

from cdp_assets.demo import TIME_ZONE
from cdp_assets.settings import PROJECT_DIR
from tests.same_rows import Parity, compare_tables

ADDRESS = os.environ.get("ONEFOLD_TEST_SPARK_ADDRESS", "local[2]")
PERSONS = int(os.environ.get("ONEFOLD_TEST_SPARK_PERSONS", "100"))
# When a home landed a file, and in which run, is its own.
OF_THE_HOME = ("run_id", "landed_at", "seen_at", "last_landed_at", "days_behind")
KEY = "test-key-of-at-least-thirty-two-bytes"


def _missing() -> str | None:
    try:
        version("pyspark")
    except PackageNotFoundError:
        return "skipped: pyspark is not installed here (make test-spark has an environment with it)"
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "skipped: there is no Java on this machine"
    return None


pytestmark = [pytest.mark.slow, pytest.mark.skipif(_missing() is not None, reason=str(_missing()))]


@dataclass
class Nights:
    """The same landed files as two homes made them: one on DuckDB, one on Spark; and what the commands said."""

    folder: Path
    said: dict[str, str] = field(default_factory=dict)

    def home(self, engine: str) -> Path:
        return self.folder / engine

    def onefold(self, home: Path, *arguments: str, engine: str = "duckdb", **more: str) -> int:
        """Run the command line in a process of its own, as a user does."""
        chosen = {
            "ONEFOLD_KEY": KEY,
            "ONEFOLD_HOME": str(home),
            "ONEFOLD_INBOX": str(self.folder / "inbox"),
            "ONEFOLD_BUSINESS_TIME_ZONE": TIME_ZONE,
            "ONEFOLD_ENGINE": engine,
        }
        done = subprocess.run(
            [sys.executable, "-m", "cdp_assets.cli", *arguments],
            cwd=PROJECT_DIR,
            capture_output=True,
            text=True,
            env={**os.environ, **chosen, **more},
        )
        self.said[home.name] = done.stdout + done.stderr
        return done.returncode


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    found = Nights(tmp_path_factory.mktemp("chain"))
    arguments = ("--customers", str(PERSONS), "--out", str(found.folder))
    assert found.onefold(found.folder / "none", "simulate", *arguments) == 0, found.said
    for engine in ("duckdb", "spark"):
        code = found.onefold(found.home(engine), "run", engine=engine, ONEFOLD_SPARK_ADDRESS=ADDRESS)
        assert code == 0, found.said[engine]
    return found


def marts_of(home: Path) -> Path:
    return (home / "published" / "current.duckdb").resolve()


def test_every_mart_of_the_published_file_is_the_same(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Parity()
    compare_tables(
        marts_of(nights.home("duckdb")), marts_of(nights.home("spark")), "marts", found, OF_THE_HOME
    )
    with capsys.disabled():
        print(f"\n{PERSONS} persons\n{found.table()}")
    assert len(found.rows) > 60
    assert found.different == {}


def test_types_and_definitions_of_the_published_file_are_the_same(nights: Nights) -> None:
    columns = "select schema_name, table_name, column_name, data_type, is_nullable, comment from duckdb_columns() where not internal order by all"
    tables = "select schema_name, table_name, comment from duckdb_tables() where not internal order by all"
    for query in (columns, tables):
        ours, theirs = (_rows(marts_of(nights.home(engine)), query) for engine in ("duckdb", "spark"))
        assert ours == theirs


def test_pairs_have_the_same_weights(nights: Nights) -> None:
    query = "select node_key_l, node_key_r, match_key, match_weight from identity.pairs order by all"
    ours, theirs = (_rows(nights.home(engine) / "warehouse.duckdb", query) for engine in ("duckdb", "spark"))
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
    ours, theirs = (_rows(nights.home(engine) / "warehouse.duckdb", query) for engine in ("duckdb", "spark"))
    assert ours == theirs and ours


def test_nothing_of_spark_stays_in_the_home(nights: Nights) -> None:
    assert not (nights.home("spark") / "spark").exists()


def test_a_lost_spark_leaves_readers_what_they_have(nights: Nights) -> None:
    """The process of Spark is killed while models are built, as by a machine that runs out of memory."""
    home = nights.home("spark")
    before = marts_of(home)
    with ThreadPoolExecutor() as aside:
        running = aside.submit(nights.onefold, home, "run", "--whole", engine="spark")
        os.kill(_java_of(home), signal.SIGKILL)
        assert running.result() == 1
    said = nights.said["spark"]
    assert "a worker of Spark, or Spark itself, was lost" in said and "readers still see g000001" in said
    assert "Traceback" not in said
    assert marts_of(home) == before
    assert not (home / "spark").exists()


def _java_of(home: Path) -> int:
    """The process id of the Spark that builds in a home, once it has built something; it names the home in its arguments."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        if any((home / "spark").glob("staging.db/*/*.parquet")):
            for folder in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    words = (folder / "cmdline").read_bytes()
                    if b"java" in words.split(b"\0")[0] and str(home).encode() in words:
                        return int(folder.name)
        time.sleep(0.5)
    raise TimeoutError("Spark built nothing")


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
    assert _rows(marts_of(back), crosswalk) == _rows(marts_of(spark), crosswalk)


def _rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        return con.execute(query).fetchall()
