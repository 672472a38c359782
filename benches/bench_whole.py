"""From delivered files to a published generation, stage by stage, and what a night after it costs.

    python benches/bench_whole.py [PERSONS] [--nights same next 1% 10%] [--work DIR] [--inbox DIR]

Simulates a retailer (streamed: memory does not grow with it), or copies the inbox of one that was simulated before, and runs it as
`onefold run` does, each run in a process of its own, with the plain functions on the clock (none knows of Dagster; what remains of the whole
is orchestration: imports, graph, steps, events, checks). Printed per stage: processor seconds (children included), gigabytes written to the
disk, and the run's peak memory. Nights: the same files and date (`same`), the same files a day later (`next`), or files of which a share of
all rows comes that the first run had not seen (`1%`: the newest text file of each export was cut short before the first run and is delivered
whole, under its name, for the night).
Beside it, in the same run, the bare engine: DuckDB reading the rows that landed, joining lines to orders and writing the same rows once.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benches.bench_build import copy_exports  # noqa: E402
from benches.insight.measure import peak_memory_mb  # noqa: E402

STAGES = {
    "landing": ("ensure_empty", "scan_inbox", "record_unmatched", "expire", "land_export", "landing_status"),
    "dbt_manifest": ("prepare", "for_home"),
    "dbt_runner": ("invoke", "write_docs"),
    "insight": ("compute_attribution", "compute_customer_value"),
    "defs.publish": ("publish_run",),
}
TIME_ZONE = "America/New_York"  # the simulated retailer's
NEWEST = re.compile(r"(?:.*[^0-9])?2017-?12-?31[^0-9].*(?:csv|txt|ndjson)$")


class Meter:
    """Wall seconds, processor seconds and bytes written of stages, one inside another counted once, for the inner."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        self._inner: list[list[float]] = []

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with what it takes added to the stage."""

        def wrapped(*arguments: Any, **named: Any) -> Any:
            before = _now()
            self._inner.append([0.0, 0.0, 0.0])
            try:
                return function(*arguments, **named)
            finally:
                took = [after - begin for after, begin in zip(_now(), before, strict=True)]
                inner = self._inner.pop()
                for index in range(3):
                    self.spent[stage][index] += took[index] - inner[index]
                    if self._inner:
                        self._inner[-1][index] += took[index]

        return wrapped


def _now() -> list[float]:
    times = os.times()
    written = next(
        (int(line.split()[1]) for line in Path("/proc/self/io").read_text().splitlines() if "write_bytes" in line), 0
    ) if Path("/proc/self/io").exists() else 0  # fmt: skip
    return [time.perf_counter(), sum(times[:4]), float(written)]


def main() -> None:
    """Simulate, run, run the nights, copy, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("persons", type=int, nargs="?", default=3000)
    parser.add_argument("--nights", nargs="*", default=["same", "next", "1%"])
    parser.add_argument(
        "--work", type=Path, help="where to work and leave the home (default: a temporary folder)"
    )
    parser.add_argument(
        "--inbox", type=Path, help="the inbox of a retailer of so many persons, instead of simulating one"
    )
    parser.add_argument("--worker", nargs=2, metavar=("KIND", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ["ONEFOLD_BUSINESS_TIME_ZONE"] = TIME_ZONE
    if options.worker:
        kind, folder = options.worker[0], Path(options.worker[1])
        print(json.dumps(copy_and_join(folder / "home") if kind == "copy" else run(folder, kind)))
        return
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        if options.inbox:
            shutil.copytree(options.inbox, Path(folder) / "inbox")
        else:
            simulate(Path(folder), options.persons)
        measure_all(Path(folder), options.persons, options.nights)


def measure_all(folder: Path, persons: int, nights: list[str]) -> None:
    shares = sorted((night for night in nights if night.endswith("%")), key=lambda each: float(each[:-1]))
    if shares:
        cut_newest(folder, sum(float(each[:-1]) for each in shares) / 100)
    results = {"first": worker("first", folder)}
    results["the bare engine"] = worker("copy", folder)
    for night in [each for each in nights if each not in shares] + shares:
        if night in shares:
            give_back(folder, last=night == shares[-1], share=float(night[:-1]) / 100)
        results[night] = worker(night, folder)
    print_table(persons, folder, results)


def simulate(folder: Path, persons: int) -> None:
    """Write the retailer, by a process of its own: what it imports is not the run's."""
    command = "import sys; from pathlib import Path; from cdp_assets.demo import simulate; simulate(int(sys.argv[1]), out=Path(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", command, str(persons), str(folder)], cwd=ROOT, check=True)


def cut_newest(folder: Path, share: float) -> None:
    """Keep back `share` of all rows, from the ends of each export's newest file; the whole files wait beside the inbox."""
    for path in newest(folder / "inbox"):
        kept = folder / "whole" / path.relative_to(folder / "inbox")
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, kept)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[: max(2, round(len(lines) * (1 - min(12 * share, 0.9))))]))


def give_back(folder: Path, *, last: bool, share: float) -> None:
    """Deliver again, under their names, the files that were cut: whole on the last night, else longer by the share."""
    for kept in sorted((folder / "whole").rglob("*.*")):
        path = folder / "inbox" / kept.relative_to(folder / "whole")
        lines, had = kept.read_bytes().splitlines(keepends=True), len(path.read_bytes().splitlines())
        until = len(lines) if last else min(len(lines), had + round(len(lines) * 12 * share))
        path.write_bytes(b"".join(lines[:until]))


def newest(inbox: Path) -> Iterator[Path]:
    """Text files of the last month (or quarter), but lists of items that hang on another file's orders: half an order is no night's work."""
    for path in sorted(inbox.rglob("*.*")):
        if NEWEST.fullmatch(path.name) and "DetailList" not in path.name:
            yield path


def worker(kind: str, folder: Path) -> dict[str, Any]:
    os.sync()
    command = [sys.executable, __file__, "--worker", kind, str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def run(folder: Path, kind: str) -> dict[str, Any]:
    """`onefold run`, imports included, with the plain functions on the clock."""
    from rich.console import Console

    from cdp_assets import identity
    from cdp_assets.commands.run import run_nightly

    meter = Meter()
    for module, names in STAGES.items():
        owner = importlib.import_module(f"cdp_assets.{module}")
        stage = {"dbt_manifest": "dbt", "dbt_runner": "dbt", "defs.publish": "publishing"}.get(module, module)
        for name in names:
            setattr(owner, name, meter.timed(stage, getattr(owner, name)))
    for step in identity.STEPS:
        object.__setattr__(step, "run", meter.timed("identity", step.run))
    whole = meter.timed("orchestration", run_nightly)
    with (folder / f"{kind.strip('%')}.log").open("w") as log:
        code = whole(
            home=folder / "home",
            inbox=folder / "inbox",
            as_of_date=date(2017, 12, 31) + timedelta(days=kind == "next"),
            console=Console(file=log),
        )
    return {"exit": code, "memory_mb": peak_memory_mb(), "stages": meter.spent}


def copy_and_join(home: Path) -> dict[str, Any]:
    """The rows of each landed export, from Parquet into one database, and lines beside their orders."""
    import duckdb

    from cdp_assets.settings import Settings

    settings, meter = Settings.load(home=home), Meter()

    def copy() -> None:
        with tempfile.TemporaryDirectory(dir=home) as folder:
            con = duckdb.connect(str(Path(folder) / "copy.duckdb"), config=settings.duckdb_limits)
            con.execute("set preserve_insertion_order = false")
            copy_exports(con, settings.landing_dir)
            con.execute(f"attach '{settings.warehouse_path}' as warehouse (read_only)")
            con.execute(
                "create table joined as select l.*, o.* exclude (channel, order_id) "
                "from warehouse.marts.order_lines as l join warehouse.marts.orders as o using (channel, order_id)"
            )
            con.close()

    meter.timed("copy and join", copy)()
    return {"exit": 0, "memory_mb": peak_memory_mb(), "stages": meter.spent}


def print_table(persons: int, folder: Path, results: dict[str, dict[str, Any]]) -> None:
    stages = [*dict.fromkeys(stage for each in results.values() for stage in each["stages"])]
    print(f"{persons:,} persons; {row_counts(folder / 'home')}\nprocessor seconds (GB written)")
    print(f"{'':20}" + "".join(f"{name:>17}" for name in results))
    for stage in stages:
        cells = [each["stages"].get(stage) for each in results.values()]
        print(
            f"{stage:20}"
            + "".join(f"{f'{c[1]:.1f} ({c[2] / 1e9:.2f})':>17}" if c else f"{'':17}" for c in cells)
        )
    sums = [[sum(part[i] for part in each["stages"].values()) for i in range(3)] for each in results.values()]
    print(f"{'all':20}" + "".join(f"{f'{s[1]:.1f} ({s[2] / 1e9:.2f})':>17}" for s in sums))
    print(f"{'wall seconds':20}" + "".join(f"{s[0]:17.1f}" for s in sums))
    print(f"{'peak MB':20}" + "".join(f"{each['memory_mb']:17,.0f}" for each in results.values()))
    print(f"{'exit':20}" + "".join(f"{each['exit']:17}" for each in results.values()))
    for name, each in results.items():
        if each["exit"]:
            said = (folder / f"{name.strip('%')}.log").read_text().splitlines()
            print(
                f"{name} was not published: "
                + next((line for line in said if "failed" in line or "refused" in line), said[-1])
            )
    first = sums[0][1]
    print(f"{'share of the first':20}" + "".join(f"{s[1] / first:17.2f}" for s in sums))


def row_counts(home: Path) -> str:
    import duckdb

    con = duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True)
    counts = {
        name: con.execute(f"select count(*) from marts.{name}").fetchall()[0][0]
        for name in ("records", "order_lines", "touchpoints")
    }
    con.close()
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


if __name__ == "__main__":
    main()
