"""The same landed files as several homes make them, each by the command line, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from cdp_assets.demo import TIME_ZONE
from cdp_assets.settings import PROJECT_DIR
from tests.same_rows import Parity, compare_tables

# When a home landed a file, and in which run, is its own.
OF_THE_HOME = ("run_id", "landed_at", "seen_at", "last_landed_at", "days_behind")
KEY = "test-key-of-at-least-thirty-two-bytes"


@dataclass
class Nights:
    """Homes beside one inbox, and what the commands on them said."""

    folder: Path
    said: dict[str, str] = field(default_factory=dict)

    def home(self, name: str) -> Path:
        return self.folder / name

    def simulate(self, persons: int) -> None:
        arguments = ("--customers", str(persons), "--out", str(self.folder))
        assert self.onefold(self.home("none"), "simulate", *arguments) == 0, self.said

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

    def parity(self, one: str, other: str) -> Parity:
        """Every mart of two homes' published files."""
        found = Parity()
        compare_tables(marts_of(self.home(one)), marts_of(self.home(other)), "marts", found, OF_THE_HOME)
        return found


def marts_of(home: Path) -> Path:
    """The file that readers see."""
    return (home / "published" / "current.duckdb").resolve()


def rows_of(path: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        return con.execute(query).fetchall()


def wait_until_built(home: Path, schema: str, seconds: float = 1800) -> None:
    """Until Spark has written a table of a schema in a home. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not any((home / "spark").glob(f"{schema}.db/*/*.parquet")):
        if time.monotonic() > deadline:
            raise TimeoutError("Spark built nothing")
        time.sleep(0.5)
