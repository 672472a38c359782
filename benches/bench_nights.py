"""Thirty nights of a small retailer: time and size of the home after each, and what grows.

`python benches/bench_nights.py [PERSONS] [NIGHTS]`. Simulates a retailer, deals its files out over the nights in the order of their dates and
runs `onefold run` after each, in a process of its own. From the night on in which everything has arrived, a home may grow by its history only.
Exit 1 where a night does not publish, or where the home without landing is larger than `LARGEST` at the end.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

LARGEST = 400_000_000  # bytes beside landing, of 60 persons with the default settings
PARTS = ("landing", "state.duckdb", "warehouse.duckdb", "published", "dagster", "runs", "logs", "dbt_target")
ONEFOLD = [sys.executable, "-c", "from cdp_assets.cli import main; main()"]


def main() -> None:
    """Print one row per night; leave nothing behind."""
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    nights = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(live(Path(folder), persons, nights))


def live(folder: Path, persons: int, nights: int) -> int:
    """Run the nights; returns the exit code."""
    command = "import sys; from pathlib import Path; from cdp_assets.demo import simulate; simulate(int(sys.argv[1]), out=Path(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", command, str(persons), str(folder / "all")], cwd=ROOT, check=True)
    home, inbox = folder / "home", folder / "inbox"
    print(
        f"{'night':>5} {'seconds':>8} {'processor':>9} "
        + " ".join(f"{part.partition('.')[0]:>9}" for part in PARTS)
        + "   MB"
    )
    for night, files in enumerate(deal(folder / "all" / "inbox", nights), start=1):
        for file in files:
            target = inbox / file.relative_to(folder / "all" / "inbox")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
        started, before = time.monotonic(), os.times()
        done = subprocess.run(
            [*ONEFOLD, "run", "--home", str(home), "--inbox", str(inbox)],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        after = os.times()
        processor = (
            after.children_user + after.children_system - before.children_user - before.children_system
        )
        sizes = [size_of(home / part) / 1e6 for part in PARTS]
        print(
            f"{night:5} {time.monotonic() - started:8.1f} {processor:9.1f} "
            + " ".join(f"{size:9.1f}" for size in sizes),
            flush=True,
        )
        if done.returncode != 0:
            print(done.stdout[-2000:])
            return 1
    grown = sum(size_of(home / part) for part in PARTS[1:])
    print(f"beside landing: {grown / 1e6:.0f} MB (at most {LARGEST / 1e6:.0f} MB)")
    return 0 if grown <= LARGEST else 1


def deal(inbox: Path, nights: int) -> list[list[Path]]:
    """The files of an inbox by the last date in their names, in as many even parts as there are nights."""
    files = sorted(
        (path for path in inbox.rglob("*") if path.is_file()),
        key=lambda path: (max(re.findall(r"\d{8}", re.sub("[-_]", "", path.name)), default=""), str(path)),
    )
    return [
        files[len(files) * night // nights : len(files) * (night + 1) // nights] for night in range(nights)
    ]


def size_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file() and not each.is_symlink())


if __name__ == "__main__":
    main()
