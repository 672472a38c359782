"""A Spark session that reads times, keys and files as the project means them.

Where Spark runs is the address's to say: `local[4]`, `spark://host:7077`, or Spark Connect's `sc://host:15002`. What runs in it
does not belong here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cdp_assets.errors import Problem
from cdp_assets.keys import SEPARATOR, pseudonym

CONNECT = "sc://"
MEANING = {
    "spark.sql.session.timeZone": "UTC",  # a time without a zone is UTC everywhere
    "spark.sql.parquet.inferTimestampNTZ.enabled": "false",  # … and one type, `timestamp`
    "spark.sql.ansi.enabled": "true",  # what cannot be cast is an error, not a null
}


class SparkProblem(Problem):
    """Spark is not installed, not reachable, or not as the project needs it."""


def open_session(address: str, key: bytes, warehouse: Path | None = None) -> Any:
    """A session at an address, with the project's settings and the function `pseudonym`, which holds the home's key.

    `warehouse`: where tables stand, for addresses that are not Spark Connect's. Raises SparkProblem.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SparkProblem(
            "pyspark is not installed", "this environment", "pip install 'onefold[spark]'"
        ) from error
    try:
        if address.startswith(CONNECT):
            session = SparkSession.builder.remote(address).getOrCreate()
        else:
            builder = SparkSession.builder.master(address).appName("onefold")
            for name, value in MEANING.items():
                builder = builder.config(name, value)
            if warehouse is not None:
                builder = builder.config("spark.sql.warehouse.dir", str(warehouse))
            session = builder.getOrCreate()
    except Exception as error:  # Java is missing, nobody listens, a version differs: Spark's own words name hosts and paths only
        raise SparkProblem(
            f"Spark did not start ({type(error).__name__})",
            address,
            "look whether Java 17 is installed (local and spark:// addresses), and whether the address answers",
        ) from error
    return as_meant(session, key)


def as_meant(session: Any, key: bytes) -> Any:
    """The project's settings and function in a session that is open already. Raises SparkProblem where a setting does not take."""
    for name, value in MEANING.items():
        session.conf.set(name, value)
        if str(session.conf.get(name)).lower() != value.lower():
            raise SparkProblem(
                f"the session's {name} is not {value}",
                "the cluster's configuration",
                "let sessions set it, or set it for all",
            )
    session.udf.register("pseudonym", _pseudonym_with(key), "string")
    return session


def _pseudonym_with(key: bytes) -> Any:
    """`pseudonym(text)` for SQL: equal to `keys.pseudonym` over the parts that U+001F joins."""

    def pseudonym_of(text: str | None) -> str | None:
        return None if text is None else pseudonym(key, *text.split(SEPARATOR))

    return pseudonym_of
