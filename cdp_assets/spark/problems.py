"""Spark's errors in words that a person can act on, without the data that they quote: the error's class, and what a cluster suffers from.

What is free of data in DuckDB's errors is `cdp_assets.dbt_problems`'s to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from cdp_assets.errors import chain_of
from cdp_assets.spark.session import SparkProblem

# What a cluster's own words betray: pattern → (what was found, what to do). The first that is found counts.
_OF_CLUSTERS = (
    (
        r"No space left on device|Disk quota exceeded",
        "a disk of Spark is full",
        "free space where Spark writes (the home, and each worker's SPARK_LOCAL_DIRS), then `onefold run` again",
    ),
    (
        r"OutOfMemoryError|exceeding memory limits|Container killed by YARN",
        "a process of Spark ran out of memory",
        "more memory per worker, or more partitions (spark.sql.shuffle.partitions); then `onefold run` again",
    ),
    (
        r"ExecutorLost|Lost executor|[Ee]xecutor \w+ (?:was )?lost|MetadataFetchFailed|FetchFailed|Master removed our application|All masters are unresponsive"
        r"|SparkContext was shut down|stopped SparkContext|Connection refused|Answer from Java side is empty|Py4JNetworkError",
        "a worker of Spark, or Spark itself, was lost",
        "look at the cluster, then `onefold run` again",
    ),
    (
        r"FAILED_READ_FILE|FileNotFoundException|Permission denied|PATH_NOT_FOUND",
        "a worker of Spark does not see a file of the home",
        "put the home on a disk that every worker reads and writes under the same path, as the same user",
    ),
    (
        r"ModuleNotFoundError|PYTHON_VERSION_MISMATCH",
        "a worker of Spark has not the Python of this run",
        "install this version of Onefold in the same path on every worker",
    ),
)
_CLASS = re.compile(r"\[([A-Z][A-Z0-9_]+(?:\.[A-Z][A-Z0-9_]+)*)\]")


def found_and_remedy(message: str) -> tuple[str, str] | None:
    """What a cluster suffers from, and what to do; None where it is the query, or not known."""
    return next(((found, what) for pattern, found, what in _OF_CLUSTERS if re.search(pattern, message)), None)


def spark_sentence(message: str) -> str | None:
    """One sentence without data: what the cluster suffers from, else the class of the error; None where Spark names none."""
    known = found_and_remedy(message)
    if known:
        return f"{known[0]}: {known[1]}"
    named = _CLASS.search(message)
    return f"Spark says {named.group(1)}" if named else None


@contextmanager
def in_words() -> Iterator[None]:
    """Let no error of Spark or of its bridge leave with its text, which quotes data: a SparkProblem says what it was."""
    try:
        yield
    except Exception as error:
        if not any(
            type(each).__module__.split(".")[0] in {"pyspark", "py4j", "grpc"} for each in chain_of(error)
        ):
            raise
        message = " ".join(str(each) for each in chain_of(error))
        found, remedy = found_and_remedy(message) or (
            spark_sentence(message) or f"Spark failed ({type(error).__name__})",
            "look at Spark's own log, or run with ONEFOLD_ENGINE=duckdb where the data fits one machine",
        )
        raise SparkProblem(found, "Spark", remedy) from None
