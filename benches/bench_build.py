"""All of `dbt build`, models, tests and laws, on a simulated retailer: aim two minutes and 4 GB for 100,000 customers on two cores.

    python benches/bench_build.py [--customers 100000 | --home DIR] [--top 15]

The retailer is simulated and run whole once, in benches/out (100,000 customers: 10 GB, half an hour); what is timed is dbt building
everything again in that home, in a process of its own. Beside it, the bare engine: DuckDB copying the rows that landed from
Parquet into a database, with the same limits.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "benches" / "out"
sys.path.insert(0, str(ROOT))

from benches.insight.measure import Clock  # noqa: E402

TIME_ZONE = "America/New_York"  # the simulated retailer's


def main() -> None:
    """Make the home if need be, measure both in processes of their own and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument(
        "--home", type=Path, help="a home where `onefold run` has been, instead of a simulated one"
    )
    parser.add_argument("--top", type=int, default=15, help="how many of the dearest nodes to name")
    parser.add_argument("--worker", choices=["dbt", "copy"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    home = (options.home or OUT / f"whole_{options.customers}" / "home").absolute()
    os.environ.setdefault("ONEFOLD_BUSINESS_TIME_ZONE", TIME_ZONE)
    if (home.parent / "inbox").exists():  # a simulated retailer's home is known by its inbox
        os.environ.setdefault("ONEFOLD_INBOX", str(home.parent / "inbox"))
    if options.worker:
        print(json.dumps(build(home) if options.worker == "dbt" else copy_landed(home)))
        return
    if options.home is None:
        make_home(options.customers, home)
    measured = {kind: run_worker(kind, home) for kind in ("dbt", "copy")}
    print(f"{'':28}{'wall':>8} {'processor':>10}  seconds  {'peak MB':>8}")
    for kind, name in (("dbt", "dbt build"), ("copy", "DuckDB copying what landed")):
        of_kind = measured[kind]
        print(
            f"{name:28}{of_kind['wall']:8.1f} {of_kind['processor']:10.1f} {'':8} {of_kind['memory_mb']:9,.0f}"
        )
    ratio = measured["dbt"]["processor"] / measured["copy"]["processor"]
    print(f"{measured['dbt']['nodes']} nodes passed; {ratio:.1f} times the processor seconds of the copy")
    for name, seconds in measured["dbt"]["dearest"][: options.top]:
        print(f"{seconds:10.1f} s  {name}")


def make_home(customers: int, home: Path) -> None:
    """Simulate and run whole, unless that was done before."""
    if (home / "published" / "current.duckdb").exists():
        return
    from cdp_assets.commands.run import run_nightly
    from cdp_assets.demo import simulate

    simulate(customers, out=home.parent)
    if code := run_nightly(home=home, inbox=home.parent / "inbox"):
        raise SystemExit(f"the run in {home} ended with {code}: see its log")


def run_worker(kind: str, home: Path) -> dict[str, Any]:
    """What a process of its own measured of itself, with what others wrote on the disk first: gigabytes on their way there slow it."""
    os.sync()
    command = [sys.executable, __file__, "--worker", kind, "--home", str(home)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def build(home: Path) -> dict[str, Any]:
    """Every node but the unit tests (they look at no data), as a run builds them."""
    from cdp_assets import dbt_manifest, dbt_runner
    from cdp_assets.as_of import latest_business_date
    from cdp_assets.settings import Settings

    settings = Settings.load(home=home)
    as_of_date, clock = latest_business_date(settings), Clock()
    dbt_manifest.for_home(settings)
    with clock("build"):
        nodes = dbt_runner.invoke(
            settings, ["build", "--exclude", "resource_type:unit_test"], as_of_date=as_of_date
        )
    if failed := [node.unique_id for node in nodes if not node.passed]:
        raise SystemExit(f"dbt could not build {', '.join(failed)}")
    dearest = sorted(((node.unique_id, node.seconds) for node in nodes), key=lambda each: -each[1])
    return measured(clock) | {"nodes": len(nodes), "dearest": dearest[:50]}


def copy_landed(home: Path) -> dict[str, Any]:
    """The rows of each landed export, from Parquet into one database."""
    import duckdb

    from cdp_assets.settings import Settings

    settings, clock = Settings.load(home=home), Clock()
    with tempfile.TemporaryDirectory(dir=home) as folder:
        con = duckdb.connect(str(Path(folder) / "copy.duckdb"), config=settings.duckdb_limits)
        con.execute("set preserve_insertion_order = false")
        with clock("copy"):
            copy_exports(con, settings.landing_dir)
            con.close()
    return measured(clock)


def copy_exports(con: Any, landing_dir: Path) -> None:
    """One table of a connection per landed export, with its rows."""
    exports = sorted({path.parent for path in landing_dir.glob("[!_]*/*/*.parquet")})
    for number, export in enumerate(exports):
        con.execute(
            f"create table export_{number} as from read_parquet($pattern, union_by_name = true)",
            {"pattern": str(export / "*.parquet")},
        )


def measured(clock: Clock) -> dict[str, Any]:
    found: dict[str, Any] = clock.result()
    (wall,), (processor,) = found["seconds"].values(), found["processor_seconds"].values()
    return {"wall": wall, "processor": processor, "memory_mb": found["memory_mb"]}


if __name__ == "__main__":
    main()
