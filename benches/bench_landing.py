"""How fast landing is, beside DuckDB's bare reader and dlt, on the same machine in one run.

    python benches/bench_landing.py [--rows 5000000] [--work DIR] [--without-dlt]

(a) the 305 daily files of UCI Online Retail, where `../shared` is present; (b) one generated CSV of order lines. Each
candidate runs in a process of its own; wall seconds, processor seconds and peak memory are printed, and the ratios. dlt is
installed into a virtual environment of the bench's own, never into the project's.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ONLINE_RETAIL = PROJECT.parent / "shared" / "data" / "online_retail"

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: bench
name: bench
version: 1.0.0
status: active
schema:
  - name: lines
    customProperties:
      - {property: filePattern, value: '.*[.]csv'}
      - {property: finalNewline, value: true}
      - {property: settleSeconds, value: 0}
    properties:
      - {name: order_id, physicalName: order_id, required: true, classification: internal}
      - {name: line_number, physicalName: line_number, logicalType: integer, required: true, classification: internal}
      - {name: sku, physicalName: sku, classification: internal}
      - {name: product_name, physicalName: product_name, classification: internal}
      - {name: quantity, physicalName: quantity, logicalType: integer, classification: internal}
      - name: unit_price
        physicalName: unit_price
        logicalType: number
        classification: internal
        customProperties: [{property: scale, value: 6}]
      - name: ordered_at
        physicalName: ordered_at
        logicalType: timestamp
        classification: internal
        customProperties: [{property: formats, value: ['%Y-%m-%d %H:%M:%S']}]
      - {name: customer_id, physicalName: customer_id, classification: sensitive}
      - {name: currency, physicalName: currency, classification: public}
"""

GENERATE = """
import duckdb, sys
path, rows = sys.argv[1:]
duckdb.sql(f'''copy (
    select
        'O' || lpad((i // 3)::varchar, 9, '0') as order_id,
        i % 3 + 1 as line_number,
        'SKU-' || lpad((hash(i) % 5000)::varchar, 5, '0') as sku,
        case when hash(i) % 7 = 0 then 'Tea, green ' || (hash(i) % 100) else 'Coffee ' || (hash(i) % 1000) end as product_name,
        hash(i) % 9 + 1 as quantity,
        ((hash(i * 3) % 100000) / 100.0)::decimal(18, 2) as unit_price,
        strftime(timestamp '2020-01-01' + to_seconds(i * 6), '%Y-%m-%d %H:%M:%S') as ordered_at,
        'C' || lpad((hash(i // 3) % 400000)::varchar, 7, '0') as customer_id,
        'GBP' as currency
    from range({rows}) as numbers (i)
) to '{path}' (header)''')
"""

LAND = """
import sys
from pathlib import Path
from cdp_assets.landing import land_all, load_contracts
from cdp_assets.settings import Settings
from cdp_assets.state import migrate
home, inbox, contracts = map(Path, sys.argv[1:])
settings = Settings(home=home, inbox=inbox, key="bench" * 8)
migrate(settings)
report = land_all(settings, load_contracts(contracts), "bench")
assert report.is_balanced and not report.held, report.held
print(sum(export.landed_rows for export in report.exports))
"""

BARE = """
import duckdb, sys
from pathlib import Path
source, target = map(Path, sys.argv[1:])
con = duckdb.connect(config={"memory_limit": "1GB", "threads": 2})
rows = 0
for path in sorted(source.iterdir()):
    sql = f"copy (from read_csv('{path}', all_varchar = true)) to '{target}/{path.name}.parquet'"
    rows += con.execute(sql).fetchall()[0][0]
print(rows)
"""

DLT = """
import sys
import dlt
from dlt.sources.filesystem import filesystem, read_csv_duckdb
source, target = sys.argv[1:]
files = filesystem(bucket_url=f"file://{source}", file_glob="*.csv*")
pipeline = dlt.pipeline("bench", destination=dlt.destinations.duckdb(f"{target}/landed.duckdb"), dataset_name="bench",
                        pipelines_dir=f"{target}/pipelines")
pipeline.run((files | read_csv_duckdb(all_varchar=True)).with_name("lines"))
with pipeline.sql_client() as client:
    print(client.execute_sql("select count(*) from lines")[0][0])
"""


@dataclass(frozen=True)
class Measured:
    """One candidate's cost: wall and processor seconds, peak resident memory in MB, and the rows that it made."""

    name: str
    seconds: float
    cpu_seconds: float
    megabytes: float
    rows: int


def run(name: str, python: str, script: str, *arguments: object) -> Measured | None:
    """Run a script in a process of its own and measure it; None where it fails."""
    started, before = time.perf_counter(), os.times()
    child = subprocess.Popen(
        [python, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        cwd=PROJECT,
    )
    peak = 0.0
    while child.poll() is None:
        peak = max(peak, _resident(child.pid))
        time.sleep(0.05)
    output, errors = child.communicate()
    after = os.times()
    if child.returncode:
        print(f"  {name}: failed ({(errors.decode().strip().splitlines() or ['killed'])[-1][:200]})")
        return None
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    measured = Measured(name, time.perf_counter() - started, cpu, peak, int(output.split()[-1]))
    print(
        f"  {name:<22}{measured.seconds:8.1f} s wall{measured.cpu_seconds:8.1f} s processor"
        f"{measured.megabytes:8.0f} MB{measured.rows:12,} rows",
        flush=True,
    )
    return measured


def _resident(pid: int) -> float:
    """Resident memory of a process and its children in MB (Linux)."""
    total = 0.0
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        total += pages * resource.getpagesize() / 1e6
        for child in children.read_text().split():
            total += _resident(int(child))
    except (OSError, IndexError, ValueError):
        pass
    return total


def dlt_python(work: Path) -> str | None:
    """Python of a virtual environment with dlt; None where it cannot be installed."""
    folder = work / "dlt-venv"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        command = [
            str(python),
            "-m",
            "pip",
            "install",
            "-q",
            "dlt[duckdb,filesystem]",
            "pyarrow",
            "duckdb<2",
        ]  # its CSV source fails on 2.x
        if subprocess.run(command, check=False, capture_output=True).returncode:
            print("  dlt could not be installed: no comparison with it")
            shutil.rmtree(folder)
            return None
    return str(python)


def compare(title: str, source: Path, channel: str, contracts: Path, work: Path, python: str | None) -> None:
    """Land one source with each candidate and print the ratios."""
    print(title, flush=True)
    for name in ("home", "bare", "dlt"):
        shutil.rmtree(work / name, ignore_errors=True)
        (work / name).mkdir()
    inbox = work / "inbox"
    shutil.rmtree(inbox, ignore_errors=True)
    inbox.mkdir()
    shutil.copytree(source, inbox / channel, copy_function=os.link)
    bare = run("DuckDB, bare", sys.executable, BARE, inbox / channel, work / "bare")
    ours = run("Onefold landing", sys.executable, LAND, work / "home", inbox, contracts)
    dlt = run("dlt", python, DLT, inbox / channel, work / "dlt") if python else None
    if ours and bare:
        print(
            f"  landing takes {ours.seconds / bare.seconds:.1f} x bare DuckDB's wall time, "
            f"{ours.cpu_seconds / bare.cpu_seconds:.1f} x its processor time"
        )
    if ours and dlt:
        print(
            f"  dlt takes {dlt.seconds / ours.seconds:.1f} x landing's wall time, "
            f"{dlt.cpu_seconds / ours.cpu_seconds:.1f} x its processor time"
        )


def main() -> None:
    """Run both comparisons."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--work", type=Path, default=PROJECT / "data" / "bench")
    parser.add_argument("--without-dlt", action="store_true")
    options = parser.parse_args()
    work = options.work
    (work / "source").mkdir(parents=True, exist_ok=True)
    python = None if options.without_dlt else dlt_python(work)
    if ONLINE_RETAIL.is_dir():
        copy = work / "online_retail"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(ONLINE_RETAIL, copy)
        contracts = PROJECT / "cdp_assets" / "channels"
        compare("(a) Online Retail, 305 daily files", copy, "online_retail", contracts, work, python)
    else:
        print("(a) skipped: ../shared/data/online_retail is not there")
    contracts = work / "contracts"
    contracts.mkdir(exist_ok=True)
    (contracts / "bench.yaml").write_text(CONTRACT)
    subprocess.run(
        [sys.executable, "-c", GENERATE, str(work / "source" / "lines.csv"), str(options.rows)], check=True
    )
    compare(f"(b) one CSV of {options.rows:,} order lines", work / "source", "bench", contracts, work, python)


if __name__ == "__main__":
    main()
