"""Whether a night on Spark can begin: asked before anything is landed, as Spark itself is opened only when the first model is built."""

from __future__ import annotations

import os
import re
import shutil
import socket
from importlib.util import find_spec

from cdp_assets.project.place import is_clone
from cdp_assets.settings import Settings
from cdp_assets.spark.session import CONNECT, SparkProblem, is_connect_only

SECONDS = 5.0  # for an address to answer
_HOSTS = re.compile(r"^(?P<scheme>spark|sc)://(?P<hosts>[^/;]+)")


def require_spark(settings: Settings) -> None:
    """Nothing where the home's engine is DuckDB. Raises SparkProblem for what a night on Spark lacks here, with the command that mends it."""
    if settings.engine != "spark":
        return
    address = settings.spark_address
    is_connect = address.startswith(CONNECT)
    if find_spec("pyspark") is None or (is_connect_only() and not is_connect):
        raise SparkProblem(
            "ONEFOLD_ENGINE is spark, and pyspark is not installed"
            + (" (pyspark-client, which is, speaks to sc:// addresses only)" if find_spec("pyspark") else ""),
            "this environment",
            how_to_install(),
        )
    if find_spec("dbt.adapters.spark") is None:
        raise SparkProblem("dbt-spark is not installed", "this environment", how_to_install())
    if not is_connect and shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise SparkProblem(
            "there is no Java",
            "PATH and JAVA_HOME",
            "install Java 17 (Debian: apt install openjdk-17-jre-headless)",
        )
    _require_answer(address)


def how_to_install() -> str:
    """Where an environment with pyspark comes from."""
    if is_clone():
        return "`ONEFOLD_ENGINE=spark make demo` (or `make run`) makes one, .venv-spark; then use .venv-spark/bin/onefold"
    return "pip install 'onefold[spark]', in an environment without pyspark-client"


def _require_answer(address: str) -> None:
    """Spark itself asks a master that does not answer for a minute; several masters are one address, and one of them is enough."""
    found = _HOSTS.match(address)
    if found is None:
        return
    default = 15002 if found["scheme"] == "sc" else 7077
    for each in found["hosts"].split(","):
        host, _, port = each.rpartition(":") if ":" in each else (each, "", "")
        try:
            with socket.create_connection((host, int(port or default)), timeout=SECONDS):
                return
        except (OSError, ValueError):
            continue
    raise SparkProblem(
        "nobody answers at Spark's address",
        f"ONEFOLD_SPARK_ADDRESS={address}",
        "start the cluster, or mend the address (spark://host:7077, sc://host:15002, or local[4] for this machine)",
    )
