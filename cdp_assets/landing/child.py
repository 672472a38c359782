"""The child process that parses risky files, with limits on memory and time. Started by `workers`, by nothing else.

Reads a pickled (jobs, setup, results path) from standard input and appends each outcome to the results file.
"""

from __future__ import annotations

import pickle
import resource
import sys
from pathlib import Path

from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.inspecting import ParseJob, inspect_file
from cdp_assets.landing.parsing import parse_file
from cdp_assets.landing.workers import ParserSetup

ADDRESS_SPACE = 6 << 30  # DuckDB and Arrow reserve far more than they use
CPU_SECONDS = 3600


def main() -> None:
    """Parse the given jobs one after the other."""
    jobs, setup, results = pickle.load(sys.stdin.buffer)  # noqa: S301  written by our own parent
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    run(jobs, setup, results)


def run(jobs: list[ParseJob], setup: ParserSetup, results: Path) -> None:
    """Settle each job and write its outcome before the next begins."""
    with setup.open(setup.threads) as con, results.open("ab") as file:
        for job in jobs:
            try:
                outcome: object = parse_file(con, inspect_file(job))
            except FileHeld as held:
                outcome = held
            pickle.dump((job.load_id, outcome), file)
            file.flush()


if __name__ == "__main__":
    main()
