"""Who parses which file: small text here, several at a time; what can hurt or is large, in a child with limits.

A child that dies or takes too long holds the file it was at, and a new child goes on with the next one.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cdp_assets.landing.held import FileHeld, as_held
from cdp_assets.landing.isolation.batches import batches, parse_batch
from cdp_assets.landing.isolation.parser_setup import ParserSetup
from cdp_assets.landing.parse import ParseResult
from cdp_assets.landing.readers.inspection import Inspected, ParseJob, check_outside, inspect_file
from cdp_assets.landing.readers.text import ZIP_MAGIC
from cdp_assets.landing.suppression.sieve import parse_sieved

CHILD_FORMATS = ("xlsx", "parquet", "json")
CHILD_BYTES = 64 << 20
CHILD_SECONDS = 120  # of processor time for one file, and a minute more for each 100 MB
SECONDS_PER_BYTE = 60 / (100 << 20)
WALL_FACTOR = 10  # a busy machine is no fault of the file; one that waits for ever is stopped all the same

Outcome = ParseResult | FileHeld


def run_jobs(jobs: Sequence[ParseJob], setup: ParserSetup) -> dict[str, Outcome]:
    """Parse files of one export; each load id gets its counts or the reason why the file is held."""
    outcomes: dict[str, Outcome] = {}
    here: list[ParseJob] = []
    risky: list[ParseJob] = []
    for job in jobs:
        try:
            check_outside(job)
            (risky if needs_child(job) else here).append(job)
        except Exception as error:
            outcomes[job.load_id] = as_held(error)
    return outcomes | _run_here(here, setup) | _run_in_children(risky, setup)


def needs_child(job: ParseJob) -> bool:
    """Formats whose readers can be made to use much memory or time by a small file, and large files of any format."""
    if job.dialect.format in CHILD_FORMATS or job.original.stat().st_size > CHILD_BYTES:
        return True
    with job.original.open("rb") as file:
        return file.read(len(ZIP_MAGIC)) == ZIP_MAGIC


def _run_here(jobs: Sequence[ParseJob], setup: ParserSetup) -> dict[str, Outcome]:
    if not jobs:
        return {}
    outcomes: dict[str, Outcome] = {}
    inspected: list[Inspected] = []
    for job in jobs:
        try:
            inspected.append(inspect_file(job))
        except Exception as error:
            outcomes[job.load_id] = as_held(error)
    grouped = (
        [] if setup.suppressed else list(batches(inspected))
    )  # who is suppressed is looked for file by file
    if grouped:
        with setup.open(setup.threads) as con:
            for batch in grouped:
                outcomes |= parse_batch(con, batch)
    alone = [file for file in inspected if file.job.load_id not in outcomes]
    return outcomes | _run_threads(alone, setup)


def _run_threads(files: Sequence[Inspected], setup: ParserSetup) -> dict[str, Outcome]:
    """One file per thread, each with a DuckDB of its own: small files give one DuckDB too little to share out."""
    workers = min(setup.threads, len(files))
    if not workers:
        return {}
    waiting = list(reversed(files))
    lock = threading.Lock()

    def work() -> dict[str, Outcome]:
        done: dict[str, Outcome] = {}
        with setup.open(1 if workers > 1 else setup.threads) as con:
            while True:
                with lock:
                    if not waiting:
                        return done
                    file = waiting.pop()
                try:
                    done[file.job.load_id] = parse_sieved(con, file)
                except Exception as error:
                    done[file.job.load_id] = as_held(error)

    if workers == 1:
        return work()
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(work) for _ in range(workers)]
        return {load_id: outcome for future in futures for load_id, outcome in future.result().items()}


def _run_in_children(jobs: Sequence[ParseJob], setup: ParserSetup) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    waiting = list(jobs)
    while waiting:
        found = _run_child(waiting, setup)
        outcomes |= found
        waiting = [job for job in waiting if job.load_id not in found]
    return outcomes


def _run_child(jobs: Sequence[ParseJob], setup: ParserSetup) -> dict[str, Outcome]:
    """One child for a list of jobs; always settles at least the first of them."""
    seconds = [CHILD_SECONDS + job.original.stat().st_size * SECONDS_PER_BYTE for job in jobs]
    results = jobs[0].work_dir / "outcomes.pickle"
    results.unlink(missing_ok=True)
    request = pickle.dumps((list(zip(jobs, seconds, strict=True)), setup, results))
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "cdp_assets.landing.isolation.child"],
            input=request,
            timeout=sum(seconds) * WALL_FACTOR,
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # a native library's last words may quote the data
        )
        is_late = ended.returncode == -signal.SIGXCPU
    except subprocess.TimeoutExpired:
        is_late = True
    outcomes = dict(_read_outcomes(results))
    broken = next((job for job in jobs if job.load_id not in outcomes), None)
    if broken is not None:
        outcomes[broken.load_id] = _beyond_limits("time" if is_late else "memory or time")
        broken.parquet.with_name(broken.parquet.name + ".tmp").unlink(missing_ok=True)
        broken.quarantine.with_name(broken.quarantine.name + ".tmp").unlink(missing_ok=True)
    return outcomes


def _read_outcomes(results: Path) -> Iterator[tuple[str, Outcome]]:
    """What the child settled before it ended; it is our own code, so its pickles are trusted."""
    if not results.exists():
        return
    with results.open("rb") as file:
        while True:
            try:
                yield pickle.load(file)  # noqa: S301  written by our own child
            except (EOFError, pickle.UnpicklingError):
                return


def _beyond_limits(what: str) -> FileHeld:
    return FileHeld(
        "beyond_limits",
        f"parsing it took more {what} than a file of its size may",
        "check where the file comes from; split it, or deliver it as CSV",
    )
