"""A standalone cluster on this machine, by the classes that pyspark ships: a master and two workers whose clocks are Tokyo's."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

SECONDS = 180  # for a process of Java on busy cores to answer
ELSEWHERE = "Asia/Tokyo"


def missing() -> str | None:
    """Why no Spark can be started here; None where it can."""
    try:
        version("pyspark")
    except PackageNotFoundError:
        return "skipped: pyspark is not installed here (make test-spark has an environment with it)"
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "skipped: there is no Java on this machine"
    return None


def spark_home() -> Path:
    """Where pyspark keeps Spark."""
    import pyspark

    return Path(pyspark.__file__).parent


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens. Raises TimeoutError."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.5)
    raise TimeoutError(f"nobody listens on {port}")


@dataclass
class Cluster:
    """What was started: the address, and a process per worker."""

    address: str
    configuration: Path
    master: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def lose_a_worker(self) -> None:
        """Kill a worker and its executors, as a machine that goes dark."""
        _kill(self.workers.pop(0))

    def lose_the_master(self) -> None:
        _kill(self.master)


@contextmanager
def standalone(folder: Path, workers: int = 2, scratch: Path | None = None) -> Iterator[Cluster]:
    """A cluster whose logs lie in a folder, and what workers spill in `scratch`. It ends with the block."""
    for name in ("conf", "work", "logs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "conf" / "spark-defaults.conf").write_text(
        "spark.driver.host 127.0.0.1\nspark.driver.bindAddress 127.0.0.1\nspark.driver.memory 2g\nspark.executor.memory 2g\n"
        "spark.ui.enabled false\nspark.ui.showConsoleProgress false\nspark.sql.shuffle.partitions 4\n"
    )
    port = free_port()
    common = {
        **os.environ,
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_LOCAL_DIRS": str(scratch or folder / "local"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
    }
    master = _start(
        folder / "logs" / "master.log",
        common,
        "master.Master",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--webui-port",
        str(free_port()),
    )
    found = Cluster(f"spark://127.0.0.1:{port}", folder / "conf", master)
    try:
        wait_for(port)
        for number in range(workers):
            ports = [free_port(), free_port()]
            found.workers.append(
                _start(
                    folder / "logs" / f"worker_{number}.log",
                    {**common, "TZ": ELSEWHERE},
                    "worker.Worker",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(ports[0]),
                    "--webui-port",
                    str(ports[1]),
                    "--cores",
                    "1",
                    "--memory",
                    "2g",
                    "--work-dir",
                    str(folder / "work" / str(number)),
                    found.address,
                )
            )
            wait_for(ports[0])
        yield found
    finally:
        for each in (*found.workers, master):
            _kill(each)


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """A server of Spark Connect on Spark's local mode; its address."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings = {
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "3g",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    command = [str(spark_home() / "bin" / "spark-submit"), "--master", "local[2]"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
    command += [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    environment = {
        **os.environ,
        "SPARK_HOME": str(spark_home()),
        "PYSPARK_PYTHON": sys.executable,
        "TZ": ELSEWHERE,
    }
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "spark-internal"],
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    try:
        wait_for(port)
        yield f"sc://127.0.0.1:{port}"
    finally:
        _kill(server)


@contextmanager
def tiny_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A disk of so many megabytes, mounted for as long as the block. Skips the test where none may be mounted."""
    place.mkdir()
    size = f"size={megabytes}m"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], capture_output=True).returncode:
        pytest.skip("skipped: no disk may be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With all processes that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _start(log: Path, environment: dict[str, str], name: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [str(spark_home() / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *arguments]
    with log.open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, env=environment, start_new_session=True)
