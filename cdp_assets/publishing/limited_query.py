"""One read-only query over published files, under limits that hold: a child process with limits on memory and processor time.

DuckDB's own limits are asked politely and some functions never look (`repeat`, `lpad`, `levenshtein` over a wide join); the system does not ask.
A page uses it so:

    answer = run_limited(files.marts, "select segment, count(*) from marts.customer_rfm group by segment", most_rows=1000)
    answer.columns, answer.rows, answer.is_cut

It raises QueryRefused with words for the person who asked: what was too much, or the kind of error. The text of DuckDB's error is passed on
only because the asker wrote the query and may see the file; it must not be logged.
"""

from __future__ import annotations

import pickle
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS, MEMORY_BYTES, MOST_ROWS = 10, 512 << 20, 10_000
RESERVED_BYTES = 1 << 30  # address space that Python and DuckDB's library take before they hold a row
START_SECONDS = 5  # of wall clock more than the query's own, for the child to start


class QueryRefused(RuntimeError):
    """A query was not answered: too long, too large, not a reading one, or wrong. The message is for the person who asked."""


@dataclass(frozen=True)
class Answer:
    """A query's result: names of the columns, rows, and whether there were more than were asked for."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    is_cut: bool


def run_limited(
    database: Path,
    sql: str,
    parameters: list[Any] | None = None,
    *,
    seconds: int = SECONDS,
    memory_bytes: int = MEMORY_BYTES,
    most_rows: int = MOST_ROWS,
) -> Answer:
    """Answer one `select` over a DuckDB file that nothing can write to. Raises QueryRefused."""
    request = pickle.dumps((str(database), sql, parameters or [], seconds, memory_bytes, most_rows))
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "cdp_assets.publishing.limited_query"],
            input=request,
            capture_output=True,
            timeout=seconds + START_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise QueryRefused(f"it took longer than {seconds} seconds: ask for less") from None
    if ended.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise QueryRefused(f"it took longer than {seconds} seconds: ask for less")
    try:
        outcome = pickle.loads(ended.stdout)  # noqa: S301  written by our own child
    except (EOFError, pickle.UnpicklingError):
        raise QueryRefused(f"it needed more than {memory_bytes >> 20} MB: ask for less") from None
    if isinstance(outcome, str):
        raise QueryRefused(outcome)
    return Answer(*outcome)


def main() -> None:
    """The child: limits first, then one query on a locked connection; the answer goes to standard output."""
    database, sql, parameters, seconds, memory_bytes, most_rows = pickle.load(sys.stdin.buffer)  # noqa: S301  our own parent
    import duckdb

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (RESERVED_BYTES + memory_bytes,) * 2)
    try:
        outcome: Any = _answer(duckdb, database, sql, parameters, memory_bytes, most_rows)
    except MemoryError:
        outcome = f"it needed more than {memory_bytes >> 20} MB: ask for less"
    except duckdb.OutOfMemoryException:
        outcome = f"it needed more than {memory_bytes >> 20} MB: ask for less"
    except duckdb.Error as error:
        outcome = str(error)
    sys.stdout.buffer.write(pickle.dumps(outcome))


def _answer(
    duckdb: Any, database: str, sql: str, parameters: list[Any], memory_bytes: int, most_rows: int
) -> Any:
    limits = {
        "threads": 1,
        "memory_limit": f"{memory_bytes >> 21}MB",
        "temp_directory": "",
    }
    with duckdb.connect(database, read_only=True, config=limits) as con:
        statements = con.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            return "one select, please: nothing can be changed here"
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        found = con.execute(statements[0], parameters)
        columns = [each[0] for each in found.description]
        rows = found.fetchmany(most_rows + 1)
    return columns, rows[:most_rows], len(rows) > most_rows


if __name__ == "__main__":
    main()
