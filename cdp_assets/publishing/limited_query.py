"""One read-only query over published files, under limits that hold: in a process of its own (query_child), which the system ends.

DuckDB's own limits are asked politely and some functions never look (`repeat`, `lpad`, `levenshtein` over a wide join); the system does not ask.
The SQL page uses it; whoever serves queries of others over a published file should:

    answer = run_limited(files.marts, "select segment, count(*) from marts.customer_rfm group by segment", most_rows=1000)
    answer.columns, answer.rows, answer.is_cut

With `tables` (name of a mart → the columns that may be read), these are all that the query sees, without a schema's name before them.
The text of DuckDB's error is passed on only because the asker wrote the query and may see the file; it must not be logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdp_assets.publishing.process_limits import NoAnswer, answer_of

SECONDS, MEMORY_BYTES, MOST_ROWS = 10, 512 << 20, 10_000
MOST_ANSWER_BYTES = 20 << 20  # of one answer: the asker's process has to hold it
START_SECONDS = 5  # of wall clock more than the query's own, for the child to start
REFUSALS = {
    "timeout": "it took longer than {seconds} seconds: ask for less",
    "memory": "it needed more than {megabytes} MB: ask for less",
    "busy": "other queries are running: ask again in a moment",
    "size": "its answer is larger than {answer_megabytes} MB: ask for less",
    "one_statement": "one select, please: nothing can be changed here",
    "select_only": "one select, please: nothing can be changed here",
    "not_there": "there is no {detail} here",
    "error": "{detail}",
}


class QueryRefused(RuntimeError):
    """A query was not answered. code: one of REFUSALS; detail: what was not there, or what DuckDB said. For the person who asked."""

    def __init__(
        self, code: str, detail: str = "", *, seconds: int = SECONDS, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self.code, self.detail = code, detail
        megabytes, answer_megabytes = memory_bytes >> 20, MOST_ANSWER_BYTES >> 20
        super().__init__(
            REFUSALS[code].format(
                seconds=seconds, megabytes=megabytes, answer_megabytes=answer_megabytes, detail=detail
            )
        )


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
    tables: Mapping[str, Sequence[str]] | None = None,
    seconds: int = SECONDS,
    memory_bytes: int = MEMORY_BYTES,
    most_rows: int = MOST_ROWS,
) -> Answer:
    """Answer one `select` over a DuckDB file that nothing can write to. Raises QueryRefused."""
    asked = {
        "database": str(database), "sql": sql, "parameters": parameters or [], "tables": tables, "seconds": seconds,
        "memory_bytes": memory_bytes, "most_rows": most_rows, "most_answer_bytes": MOST_ANSWER_BYTES,
    }  # fmt: skip
    try:
        outcome = answer_of("cdp_assets.publishing.query_child", asked, wall_seconds=seconds + START_SECONDS)
    except NoAnswer as ended:
        raise QueryRefused(ended.code, seconds=seconds, memory_bytes=memory_bytes) from None
    if isinstance(outcome[0], str):
        raise QueryRefused(*outcome, seconds=seconds, memory_bytes=memory_bytes)
    return Answer(*outcome)
