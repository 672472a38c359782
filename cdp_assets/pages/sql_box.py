"""One SELECT on the masked file, with a limit on rows, time and memory: what the Data page's SQL box runs.

It never sees the contact file.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import duckdb
import pandas as pd

from cdp_assets.pages.published import open_read_only

ROW_LIMIT, SECONDS, MEMORY_LIMIT = 1000, 10.0, "512MB"
ALLOWED = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}


class QueryRefused(ValueError):
    """The query was not run or not finished; `code` names the text that says why, `detail` what DuckDB said."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code, self.detail = code, detail
        super().__init__(code)


@dataclass(frozen=True)
class Answer:
    """Rows of a query, at most the limit; is_cut says that there were more."""

    rows: pd.DataFrame
    is_cut: bool


def run_query(marts_path: str, sql: str, *, row_limit: int = ROW_LIMIT, seconds: float = SECONDS) -> Answer:
    """Run one SELECT or EXPLAIN; raises QueryRefused for anything else, for errors, and when the time is over."""
    con = open_read_only(marts_path, None, memory_limit=MEMORY_LIMIT)
    timer = threading.Timer(seconds, con.interrupt)
    try:
        statement = _only_statement(con, sql)
        timer.start()
        rows = _first_rows(con, statement, row_limit + 1)
        return Answer(rows.head(row_limit), is_cut=len(rows) > row_limit)
    except duckdb.InterruptException as error:
        raise QueryRefused("timeout") from error
    except duckdb.OutOfMemoryException as error:
        raise QueryRefused("memory") from error
    except duckdb.Error as error:
        raise QueryRefused("error", str(error)) from error
    finally:
        timer.cancel()
        con.close()


def _only_statement(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    statements = con.extract_statements(sql)
    if len(statements) != 1:
        raise QueryRefused("one_statement")
    if statements[0].type not in ALLOWED:
        raise QueryRefused("select_only")
    return str(statements[0].query)


def _first_rows(con: duckdb.DuckDBPyConnection, statement: str, count: int) -> pd.DataFrame:
    """DuckDB streams, so a query without a limit is not computed to its end."""
    con.execute(statement)
    names = [column[0] for column in con.description or []]
    return pd.DataFrame(con.fetchmany(count), columns=pd.Index(names))
