"""A Spark session that reads times, keys and files as the project means them.

Where Spark runs is the address's to say: `local[4]`, `spark://host:7077`, or Spark Connect's `sc://host:15002`. What runs in it
does not belong here.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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

# In the local mode; on a cluster these are the cluster's to say.
ON_ONE_MACHINE = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "4",
    "spark.driver.memory": "4g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
# What Spark logs while it starts, before its level can be set; later its errors would quote the data that they choked on.
SILENCE = """\
appender.nothing.type = Null
appender.nothing.name = nothing
rootLogger.level = off
rootLogger.appenderRef.nothing.ref = nothing
logger.repl.name = org.apache.spark.repl.Main
logger.repl.level = off
"""


class SparkProblem(Problem):
    """Spark is not installed, not reachable, or not as the project needs it."""


def open_session(address: str, key: bytes, warehouse: Path | None = None) -> Any:
    """A session at an address, with the project's settings and the function `pseudonym`, which holds the home's key.

    `warehouse`: where tables stand, for whoever builds some. Raises SparkProblem.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SparkProblem(
            "pyspark is not installed", "this environment", "pip install 'onefold[spark]'"
        ) from error
    logging.getLogger("SQLQueryContextLogger").disabled = True  # so does what pyspark itself logs
    logging.getLogger().addFilter(_is_not_of_the_bridge)
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
    try:
        if address.startswith(CONNECT):
            os.environ["SPARK_REMOTE"] = address  # where dbt's adapter looks for the session
            session = SparkSession.builder.remote(address).getOrCreate()
            if warehouse is not None:
                session.addArtifacts(_jar_of_splink())
        else:
            session = _session_of_its_own(SparkSession.builder.master(address), address, warehouse)
    # Java is missing, nobody listens, a version differs (Spark's own words name hosts and paths only); the pure client leaves by itself
    except (Exception, SystemExit) as error:
        raise SparkProblem(
            f"Spark did not start ({type(error).__name__})",
            address,
            "look whether Java 17 is installed (local and spark:// addresses), and whether the address answers",
        ) from error
    return as_meant(session, key)


def _session_of_its_own(builder: Any, address: str, warehouse: Path | None) -> Any:
    """A session whose driver is a process of this one: a builder of pyspark's with the project's settings, opened."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # Python functions need what is installed here
    builder = builder.appName("onefold")
    for name, value in MEANING.items():
        builder = builder.config(name, value)
    builder = builder.config("spark.jars", _jar_of_splink())
    for name, value in ON_ONE_MACHINE.items() if address.startswith("local") else ():
        builder = builder.config(name, value)
    if warehouse is not None:
        builder = builder.config("spark.sql.warehouse.dir", str(warehouse))
        builder = builder.config("spark.local.dir", str(warehouse / "local"))
        silence = warehouse / "log4j2.properties"
        silence.write_text(SILENCE, encoding="utf-8")
        said = f"-Dlog4j2.configurationFile={silence.as_uri()}"
        builder = builder.config("spark.driver.extraJavaOptions", said)
    with _javas_words_in(warehouse / "java.log") if warehouse is not None else nullcontext():
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")  # its errors quote the data that they choked on
    return session


@contextmanager
def _javas_words_in(path: Path) -> Iterator[None]:
    """What Java says on standard error while it starts and for as long as it lives goes into a file: warnings that help nobody, and data."""
    kept, file = os.dup(2), os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.dup2(file, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(file)


def is_connect_only() -> bool:
    """Whether the pyspark that is installed is the pure client (pyspark-client), which has no Spark of its own."""
    try:
        from pyspark.util import is_remote_only
    except ImportError:
        return False
    return bool(is_remote_only())


def _is_not_of_the_bridge(record: logging.LogRecord) -> bool:
    """The bridge to Java logs every command that a lost Spark does not answer, on the root logger, with a traceback."""
    return record.module != "java_gateway"


def _jar_of_splink() -> str:
    """String distances for the JVM, which Splink ships."""
    from splink.internals.spark.jar_location import similarity_jar_location

    return str(similarity_jar_location())


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
