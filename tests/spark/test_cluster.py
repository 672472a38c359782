"""Nights on a cluster of two workers on this machine, and through Spark Connect, beside DuckDB's; and what a cluster does to a run.

Needs Java and pyspark (`make test-spark`): skipped with a message elsewhere. The workers' clocks are Tokyo's, the driver's is UTC's.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.spark.cluster import connect_server, missing, standalone, tiny_disk
from tests.spark.nights import Nights, marts_of, wait_until_built

PERSONS = int(os.environ.get("ONEFOLD_TEST_SPARK_CLUSTER_PERSONS", "60"))
LOST = "a worker of Spark, or Spark itself, was lost"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    found = Nights(tmp_path_factory.mktemp("cluster"))
    found.simulate(PERSONS)
    assert found.onefold(found.home("duckdb"), "run") == 0, found.said
    return found


def on_spark(nights: Nights, name: str, address: str, configuration: Path | None = None, **more: str) -> int:
    if configuration is not None:
        more["SPARK_CONF_DIR"] = str(configuration)
    return nights.onefold(
        nights.home(name), "run", "--whole", engine="spark", ONEFOLD_SPARK_ADDRESS=address, TZ="UTC", **more
    )


def test_a_night_on_two_workers_in_another_time_zone_gives_the_same_marts(
    nights: Nights, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a second night there, in whose middle a worker is killed: it ends right on the other one, or readers keep what they have."""
    with standalone(tmp_path) as cluster:
        assert on_spark(nights, "cluster", cluster.address, cluster.configuration) == 0, nights.said[
            "cluster"
        ]
        found = nights.parity("duckdb", "cluster")
        with capsys.disabled():
            print(f"\n{PERSONS} persons, two workers\n{found.table()}")
        assert len(found.rows) > 60
        assert found.different == {}
        for number in ("0", "1"):
            assert any((tmp_path / "work" / number).glob("app-*/*")), "a worker had nothing to do"
        home = nights.home("cluster")
        before = marts_of(home)
        with ThreadPoolExecutor() as aside:
            running = aside.submit(on_spark, nights, "cluster", cluster.address, cluster.configuration)
            wait_until_built(home, "staging")
            cluster.lose_a_worker()
            code = running.result()
    said = nights.said["cluster"]
    with capsys.disabled():
        print(f"a worker was killed: exit {code}")
    assert "Traceback" not in said
    if code == 0:
        assert marts_of(home) != before
        assert nights.parity("duckdb", "cluster").different == {}
    else:
        assert LOST in said and "readers still see g000001" in said
        assert marts_of(home) == before


@pytest.mark.parametrize("is_master_lost", [False, True])
def test_a_cluster_without_workers_is_not_waited_for_without_end(
    nights: Nights, tmp_path: Path, is_master_lost: bool
) -> None:
    home = nights.home("duckdb")
    before = marts_of(home)
    with standalone(tmp_path, workers=1) as cluster, ThreadPoolExecutor() as aside:
        patience = {"ONEFOLD_SPARK_PATIENCE": "20"}
        running = aside.submit(
            on_spark, nights, home.name, cluster.address, cluster.configuration, **patience
        )
        wait_until_built(home, "staging")
        if is_master_lost:
            cluster.lose_the_master()
        cluster.lose_a_worker()
        assert running.result(timeout=600) == 1
    said = nights.said[home.name]
    assert "work waited on Spark for 20 seconds, and no worker did any of it" in said
    assert "readers still see g000001" in said and "Traceback" not in said
    assert marts_of(home) == before
    assert not (home / "spark").exists()


def test_a_full_disk_of_a_worker_is_named_and_readers_keep_what_they_have(
    nights: Nights, tmp_path: Path
) -> None:
    home = nights.home("duckdb")
    before = marts_of(home)
    with (
        tiny_disk(tmp_path / "tiny", megabytes=8) as scratch,
        standalone(tmp_path, workers=1, scratch=scratch) as cluster,
        ThreadPoolExecutor() as aside,
    ):
        running = aside.submit(on_spark, nights, home.name, cluster.address, cluster.configuration)
        wait_until_built(home, "staging")
        with suppress(OSError), (scratch / "anothers").open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        assert running.result() == 1
    said = nights.said[home.name]
    assert "a disk of Spark is full" in said and "SPARK_LOCAL_DIRS" in said
    assert "readers still see g000001" in said and "Traceback" not in said
    assert marts_of(home) == before


def test_a_night_through_spark_connect_gives_the_same_marts(
    nights: Nights, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And leaves nothing in the server's catalog: the next night there has the same schemas to itself."""
    from pyspark.sql.connect.session import SparkSession

    with connect_server(tmp_path) as address:
        assert on_spark(nights, "connect", address) == 0, nights.said["connect"]
        found = nights.parity("duckdb", "connect")
        with capsys.disabled():
            print(f"\n{PERSONS} persons, Spark Connect\n{found.table()}")
        assert found.different == {} and len(found.rows) > 60
        assert not (nights.home("connect") / "spark").exists()
        session = SparkSession.builder.remote(address).create()
        assert [each.name for each in session.catalog.listDatabases()] == ["default"]
        session.sql("create schema staging")
        assert on_spark(nights, "connect", address) == 1
        session.stop()
    assert "has a schema staging that is not this home's" in nights.said["connect"]
    assert "readers still see g000001" in nights.said["connect"]
