"""The law of nights: a night that leaves alone what did not change equals one that builds everything, table by table.

`python benches/bench_carried.py [HISTORIES] [--persons N] [--nights N] [--first SEED] [--work DIR]`. Each history is drawn from its seed: the files of
a simulated retailer are dealt out over nights at random, some in an order of their own, some delivered again cut short or changed, some nights without
a file, dates that move or stand still. Before the last night, and before one drawn at random, the home is copied: one copy runs as every night does, the other with
`--full-refresh`. All tables of the warehouse must be equal by fingerprint, but for columns that say which run made a row. Exit 1 with the tables that differ.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402

from benches.bench_nights import ONEFOLD, deal  # noqa: E402
from cdp_assets.publishing.fingerprint import columns_of, fingerprint_of  # noqa: E402
from cdp_assets.sql_text import identifier  # noqa: E402

LAST_DAY = date(2017, 12, 31)
# What says which run made a row, or when by the machine's clock, is not content.
OPERATIONAL_COLUMNS = {"run_id", "landed_at", "seen_at", "last_landed_at", "days_behind"}
OF_THE_RUN = "build"  # the schema that says what was built when


@dataclass(frozen=True)
class Night:
    """What arrives, whether every table's equality is asked after it, and its date (None: the newest landed)."""

    files: tuple[Path, ...]
    is_judged: bool
    as_of_date: date | None


def main() -> None:
    """Live the histories; print one line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("histories", nargs="?", type=int, default=50)
    parser.add_argument("--persons", type=int, default=60)
    parser.add_argument("--nights", type=int, default=4)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--work", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.work) as folder:
        inbox = simulate(Path(folder) / "all", chosen.persons)
        wrong = 0
        for seed in range(chosen.first, chosen.first + chosen.histories):
            history = Path(folder) / f"history{seed}"
            found = live(history, inbox, seed, chosen.nights)
            print(f"history {seed}: {found or 'equal'}", flush=True)
            wrong += bool(found)
            shutil.rmtree(history)
    sys.exit(1 if wrong else 0)


def simulate(folder: Path, persons: int) -> Path:
    command = "import sys; from pathlib import Path; from cdp_assets.demo import simulate; simulate(int(sys.argv[1]), out=Path(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", command, str(persons), str(folder)], cwd=ROOT, check=True)
    return folder / "inbox"


def live(folder: Path, inbox: Path, seed: int, nights: int) -> list[str]:
    """One history; tables that came out otherwise, as `night: schema.table`, and what did not run. The folder keeps what the runs said."""
    drawn = random.Random(seed)
    differing: list[str] = []
    home, delivered = folder / "home", folder / "inbox"
    for number, night in enumerate(draw(drawn, inbox, nights), start=1):
        for path in night.files:
            deliver(drawn, path, inbox, delivered)
        judged = folder / f"whole{number}"
        if night.is_judged and home.exists():
            shutil.copytree(home, judged / "home", symlinks=True)
            said = run(
                judged / "home", delivered, night.as_of_date, folder / f"whole{number}.log", "--full-refresh"
            )
            differing += [f"night {number} whole: {said}"] if said else []
        said = run(home, delivered, night.as_of_date, folder / f"night{number}.log")
        differing += [f"night {number}: {said}"] if said else []
        if judged.exists():
            differing += [f"night {number}: {table}" for table in differences(home, judged / "home")]
            if not differing:
                shutil.rmtree(judged)
    return differing


def draw(drawn: random.Random, inbox: Path, nights: int) -> list[Night]:
    """The nights of a history: files by date, some of them late; a night or two without any."""
    parts = [list(part) for part in deal(inbox, nights)]
    for number in range(nights - 1):  # late rows: they come a night or more after their date
        for path in drawn.sample(parts[number], k=len(parts[number]) // 5):
            if number:
                parts[number].remove(path)
                parts[drawn.randrange(number + 1, nights)].append(path)
    again = [path for part in parts[:-1] for path in part]
    parts[-1] += drawn.sample(again, k=min(3, len(again)))  # replaced, whole or changed
    parts.append([])  # the same files on another date
    also = drawn.randrange(1, len(parts) - 1)
    return [
        Night(
            tuple(part),
            number in (also, len(parts) - 1),
            LAST_DAY + timedelta(days=drawn.randrange(1, 9)) if number == len(parts) - 1 else None,
        )
        for number, part in enumerate(parts)
    ]


def deliver(drawn: random.Random, path: Path, source: Path, inbox: Path) -> None:
    """The file, or, where it was delivered before, another content of it: without its last line or with it twice."""
    target = inbox / path.relative_to(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    content = path.read_bytes()
    if target.exists() and path.suffix in {".csv", ".txt", ".ndjson"}:
        lines = content.splitlines(keepends=True)
        content = b"".join(lines[:-1] if drawn.random() < 0.5 else [*lines, lines[-1]])
    target.write_bytes(content)
    was = path.stat()
    later = 60 if len(content) != was.st_size else 0
    os.utime(target, (was.st_atime, was.st_mtime + later))
    marker = source / ".onefold-demo"
    if marker.exists():
        shutil.copy2(marker, inbox / marker.name)


def run(home: Path, inbox: Path, as_of_date: date | None, log: Path, *more: str) -> str | None:
    """`onefold run`; the last line of what it said where it did not publish. All of it, and its processor seconds, are in the log."""
    dated = ["--as-of-date", as_of_date.isoformat()] if as_of_date else []
    before = os.times()
    done = subprocess.run(
        [*ONEFOLD, "run", "--home", str(home), "--inbox", str(inbox), *dated, *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    log.write_text(f"{done.stdout}\n{done.stderr}\n{spent:.1f} processor seconds\n", encoding="utf-8")
    return None if done.returncode == 0 else (done.stdout.strip().splitlines() or ["said nothing"])[-1]


def differences(one: Path, other: Path) -> list[str]:
    """Tables of two warehouses that are not equal, or that only one of them has."""
    contents = [warehouse_content(home / "warehouse.duckdb") for home in (one, other)]
    return sorted(
        name for name in {*contents[0], *contents[1]} if contents[0].get(name) != contents[1].get(name)
    )


def warehouse_content(path: Path) -> dict[str, tuple[int, str]]:
    """schema.table → (rows, fingerprint over the columns that are content)."""
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as build_file (read_only)")
        names = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'build_file' and schema_name <> ?",
            [OF_THE_RUN],
        ).fetchall()
        return {f"{schema}.{table}": _content(con, schema, table) for schema, table in names}


def _content(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> tuple[int, str]:
    columns = [
        (name, kind)
        for name, kind in columns_of(con, "build_file", schema, table)
        if name not in OPERATIONAL_COLUMNS
    ]
    names = ", ".join(identifier(name) for name, _ in columns)
    return fingerprint_of(con, f"(select {names} from {identifier('build_file', schema, table)})", columns)


if __name__ == "__main__":
    main()
