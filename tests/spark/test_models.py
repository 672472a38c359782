"""What a run asks of Spark, without Spark: what is given and taken, and what its errors say."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from cdp_assets.settings import Settings
from cdp_assets.spark import models
from cdp_assets.spark.models import SparkModels, sparks_type
from cdp_assets.spark.problems import in_words, spark_sentence
from cdp_assets.spark.session import SparkProblem, _is_not_of_the_bridge


def column(kind: str | None = None, description: str = "", *, is_needed: bool = False) -> Any:
    constraints = [SimpleNamespace(type="not_null")] if is_needed else []
    return SimpleNamespace(data_type=kind, description=description, constraints=constraints)


def node(columns: dict[str, Any], *, is_declared: bool = True) -> Any:
    config = SimpleNamespace(
        contract=SimpleNamespace(enforced=is_declared), persist_docs={"relation": True, "columns": True}
    )
    return SimpleNamespace(
        schema="marts",
        alias="sales",
        description="One row per sale; 'quoted'.",
        columns=columns,
        config=config,
    )


ROWS = pa.table(
    {
        "sale_id": pa.array(["a", None]),
        "sold_at": pa.array([0, 1], pa.timestamp("us", tz="UTC")),
        "pieces": pa.array([1, 2], pa.int64()),
    }
)


def test_what_is_taken_has_the_contracts_types_and_definitions() -> None:
    declared = {
        "sale_id": column("string", "The sale."),
        "pieces": column("integer", "How many; it's whole."),
    }
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'America/New_York'")
        con.execute("create schema marts; create view marts.sales as select 1 as former")
        con.execute("set TimeZone = 'UTC'")
        models._take(con, node(declared), ROWS)
        found = con.execute(
            "select column_name, data_type, comment from duckdb_columns() where table_name = 'sales'"
        )
        assert found.fetchall() == [
            ("sale_id", "VARCHAR", "The sale."),
            ("sold_at", "TIMESTAMP", None),
            ("pieces", "INTEGER", "How many; it's whole."),
        ]
        assert con.execute("select comment from duckdb_tables()").fetchall() == [
            ("One row per sale; 'quoted'.",)
        ]
        assert con.execute("select count(*) from marts.sales").fetchall() == [(2,)]


def test_a_column_that_is_never_empty_is_held_so_and_the_former_table_stays() -> None:
    """Parquet knows no constraint, so Spark wrote the null."""
    declared = {"sale_id": column("string", is_needed=True)}
    with duckdb.connect() as con:
        con.execute("create schema marts; create table marts.sales as select 7 as former")
        with pytest.raises(duckdb.ConstraintException):
            models._take(con, node(declared), ROWS)
        assert con.execute("from marts.sales").fetchall() == [(7,)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("VARCHAR", "string"),
        ("DECIMAL(18,2)", "decimal(18,2)"),
        ("TIMESTAMP", "timestamp"),
        ("BIGINT", "bigint"),
    ],
)
def test_types_of_landed_columns_are_sparks(kind: str, expected: str) -> None:
    assert sparks_type(kind) == expected


def test_a_type_that_landing_never_writes_is_refused() -> None:
    with pytest.raises(SparkProblem, match="BLOB"):
        sparks_type("BLOB")


class Catalog:
    """A session of a server whose catalog has schemas already: name → location."""

    def __init__(self, **schemas: str) -> None:
        self.schemas, self.catalog = schemas, self
        self.said: list[str] = []

    def databaseExists(self, name: str) -> bool:  # Spark's name
        return name in self.schemas

    def getDatabase(self, name: str) -> Any:
        return SimpleNamespace(locationUri=self.schemas[name])

    def sql(self, text: str) -> None:
        self.said.append(text)


def opened(settings: Settings, session: Catalog) -> SparkModels:
    found = SparkModels.__new__(SparkModels)
    found.settings, found.session, found.folder, found._schemas = (
        settings,
        session,
        Path("/home/spark"),
        set(),
    )
    return found


def test_a_schema_lies_in_the_home_and_is_made_once(settings: Settings) -> None:
    session = Catalog()
    found = opened(settings, session)
    found.make_schema("staging")
    found.make_schema("staging")
    assert session.said == ["create schema `staging` location '/home/spark/staging.db'"]


def test_what_a_run_that_died_left_in_a_servers_catalog_is_dropped(settings: Settings) -> None:
    session = Catalog(staging="file:///home/spark/staging.db")
    opened(settings, session).make_schema("staging")
    assert session.said[0] == "drop schema `staging` cascade"


def test_anothers_schema_in_a_servers_catalog_is_left_alone(settings: Settings) -> None:
    session = Catalog(marts="file:///warehouse/marts.db")
    with pytest.raises(SparkProblem, match="a schema marts that is not this home's"):
        opened(settings, session).make_schema("marts")
    assert session.said == []


def test_an_address_that_does_not_answer_is_refused_before_spark_asks_it_again_and_again(
    settings: Settings,
) -> None:
    on_spark = settings.model_copy(update={"engine": "spark", "spark_address": "sc://127.0.0.1:1"})
    with pytest.raises(SparkProblem, match=r"nobody answers|not installed"):
        SparkModels(on_spark)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("java.io.IOException: No space left on device", "a disk of Spark is full"),
        (
            "Job aborted due to stage failure: ExecutorLostFailure (executor 1 exited unrelated to the running tasks)",
            "a worker of Spark, or Spark itself, was lost",
        ),
        ("java.lang.OutOfMemoryError: Java heap space", "ran out of memory"),
        (
            "[FAILED_READ_FILE.FILE_NOT_EXIST] Encountered error while reading file file:///x",
            "does not see a file",
        ),
        ("ModuleNotFoundError: No module named 'cdp_assets'", "has not the Python of this run"),
        ("[CAST_INVALID_INPUT] The value 'ann@x.test' of the type", "Spark says CAST_INVALID_INPUT"),
    ],
)
def test_sparks_errors_are_told_without_the_data_that_they_quote(message: str, expected: str) -> None:
    said = spark_sentence(message)
    assert said is not None and expected in said and "ann@x.test" not in said


def test_an_error_that_is_not_sparks_passes_as_it_is() -> None:
    with pytest.raises(ValueError, match="another"), in_words():
        raise ValueError("another")


def test_an_error_of_spark_leaves_without_its_text() -> None:
    raised = type("AnalysisException", (Exception,), {"__module__": "pyspark.errors"})
    with pytest.raises(SparkProblem) as found, in_words():
        raise raised("[CAST_INVALID_INPUT] The value 'ann@x.test'")
    assert "CAST_INVALID_INPUT" in str(found.value) and "ann@x.test" not in str(found.value)


def test_what_the_bridge_to_java_logs_of_a_lost_spark_is_left_out() -> None:
    def record(file: str) -> logging.LogRecord:
        return logging.LogRecord("root", logging.ERROR, file, 1, "Exception while sending command.", (), None)

    assert not _is_not_of_the_bridge(record("py4j/java_gateway.py"))
    assert _is_not_of_the_bridge(record("another.py"))
