"""The process that counts one audience under limits that hold; `counted_apart` starts it, and by nothing else is it spoken to."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import duckdb

from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.publishing.process_limits import limit_process
from cdp_assets.settings import Settings
from cdp_assets.web.published import QueryStopped
from cdp_assets.web.queries.audiences import columns, count


def main() -> None:
    settings, shown, library, name, with_overlap, seconds, memory_bytes = pickle.load(sys.stdin.buffer)  # noqa: S301  our own parent
    read = Settings.model_validate_json(settings)
    columns(read, shown)  # what opening the files takes is not the query's
    limit_process(seconds, memory_bytes)
    outcome: tuple[str, Any]
    try:
        outcome = ("counted", count(read, shown, library, name, with_overlap=with_overlap))
    except ActivationProblem as problem:
        outcome = ("problem", problem.parts)
    except (MemoryError, duckdb.OutOfMemoryException, QueryStopped):
        outcome = ("stopped", "")
    except duckdb.Error:  # its text may quote data
        outcome = (
            "problem",
            ("DuckDB cannot run the query of the audience", f"audiences/{name}.sql", "correct it"),
        )
    sys.stdout.buffer.write(pickle.dumps(outcome))


if __name__ == "__main__":
    main()
