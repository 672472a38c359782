"""The child process that parses risky files, with limits on memory and processor time. Started by `workers`, by nothing else.

Reads a pickled ([(job, seconds)], setup, results path) from standard input and appends each outcome to the results file. What
only a good file needs (DuckDB, Arrow) is imported when the first one is found.
"""

from __future__ import annotations

import math
import pickle
import resource
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets.landing.held import as_held
from cdp_assets.landing.isolation.parser_setup import ParserSetup
from cdp_assets.landing.readers.inspection import ParseJob, inspect_file
from cdp_assets.own_limits import set_limit

if TYPE_CHECKING:
    import duckdb

ADDRESS_SPACE = 6 << 30  # DuckDB and Arrow reserve far more than they use


def main() -> None:
    """Parse the given jobs one after the other."""
    jobs, setup, results = pickle.load(sys.stdin.buffer)  # noqa: S301  written by our own parent
    set_limit(resource.RLIMIT_AS, ADDRESS_SPACE, ADDRESS_SPACE)
    set_limit(resource.RLIMIT_CORE, 0, 0)
    run(jobs, setup, results)


def run(jobs: list[tuple[ParseJob, float]], setup: ParserSetup, results: Path) -> None:
    """Settle each job within its seconds of processor time, and write its outcome before the next begins."""
    with ExitStack() as stack, results.open("ab") as file:
        con: duckdb.DuckDBPyConnection | None = None
        for job, seconds in jobs:
            _limit_processor_time(seconds)
            try:
                inspected = inspect_file(job)
                con = con or stack.enter_context(setup.open(setup.threads))
                from cdp_assets.landing.suppression.sieve import parse_sieved

                outcome: object = parse_sieved(con, inspected)
            except Exception as error:
                outcome = as_held(error)
            pickle.dump((job.load_id, outcome), file)
            file.flush()


def _limit_processor_time(seconds: float) -> None:
    """From now on, as many seconds and no more: the system ends the process (SIGXCPU), whatever code it is in."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    set_limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds))


if __name__ == "__main__":
    main()
