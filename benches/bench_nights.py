"""Thirty nights of a small retailer: time and size of the home after each, and what grows.

`python benches/bench_nights.py [PERSONS] [NIGHTS] [--work DIR --minutes N]`. Simulates a retailer, deals its files out over the nights in the
order of their dates and runs `onefold run` after each, in a process of its own; with a folder it goes on where a call before ended. From the
night on in which everything has arrived, a home may grow by its history only. Exit 1 where a night does not publish, or where the home without
landing is larger than `LARGEST` at the end.
"""

from __future__ import annotations

import argparse
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

AGAIN = 75  # nights are left
LARGEST = 400_000_000  # bytes beside landing, of 60 persons with the default settings
PARTS = ("landing", "state.duckdb", "warehouse.duckdb", "published", "dagster", "runs", "logs", "dbt_target")
ONEFOLD = [sys.executable, "-c", "from cdp_assets.cli import main; main()"]


def main() -> None:
    """Print one row per night; leave nothing behind but in a folder that was given."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("persons", nargs="?", type=int, default=60)
    parser.add_argument("nights", nargs="?", type=int, default=30)
    parser.add_argument(
        "--work",
        type=Path,
        help="folder that keeps the home, so that a later call goes on after its last night",
    )
    parser.add_argument(
        "--minutes", type=float, default=1e9, help="begin no night after so long (exit 75: call again)"
    )
    chosen = parser.parse_args()
    if chosen.work:
        chosen.work.mkdir(parents=True, exist_ok=True)
        sys.exit(live(chosen.work, chosen.persons, chosen.nights, chosen.minutes))
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(live(Path(folder), chosen.persons, chosen.nights, chosen.minutes))


def live(folder: Path, persons: int, nights: int, minutes: float) -> int:
    """Run the nights that were not run yet; returns the exit code."""
    begun, told = time.monotonic(), folder / "nights.txt"
    simulated = folder / "all"
    if not (folder / "simulated").exists():
        command = "import sys; from pathlib import Path; from cdp_assets.demo import simulate; simulate(int(sys.argv[1]), out=Path(sys.argv[2]))"
        subprocess.run([sys.executable, "-c", command, str(persons), str(simulated)], cwd=ROOT, check=True)
        (folder / "simulated").touch()
    header = f"{'night':>5} {'seconds':>8} {'processor':>9} " + " ".join(
        f"{part.partition('.')[0]:>9}" for part in PARTS
    )
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    print("\n".join([header + "   MB", *lines]), flush=True)
    for night, files in list(enumerate(deal(simulated / "inbox", nights), start=1))[len(lines) :]:
        if time.monotonic() - begun > 60 * minutes:
            return AGAIN
        deliver(files, simulated / "inbox", folder / "inbox")
        row, said = one_night(folder)
        if said is not None:
            print(row, said[-2000:], sep="\n")
            return 1
        print(f"{night:5} {row}", flush=True)
        with told.open("a", encoding="utf-8") as file:
            file.write(f"{night:5} {row}\n")
    grown = sum(size_of(folder / "home" / part) for part in PARTS[1:])
    print(f"beside landing: {grown / 1e6:.0f} MB (at most {LARGEST / 1e6:.0f} MB)")
    return 0 if grown <= LARGEST else 1


def deliver(files: list[Path], source: Path, inbox: Path) -> None:
    for file in files:
        target = inbox / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)


def one_night(folder: Path) -> tuple[str, str | None]:
    """(seconds and sizes as they are printed, what `onefold run` said where it failed)."""
    home = folder / "home"
    started, before = time.monotonic(), os.times()
    done = subprocess.run(
        [*ONEFOLD, "run", "--home", str(home), "--inbox", str(folder / "inbox")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    sizes = " ".join(f"{size_of(home / part) / 1e6:9.1f}" for part in PARTS)
    return (
        f"{time.monotonic() - started:8.1f} {processor:9.1f} {sizes}",
        done.stdout if done.returncode else None,
    )


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
