"""dbt-spark's session method over a session that is open already.

dbt-spark opens one by itself, and switches the session's strict casts off with every statement: what cannot be cast would become
null instead of an error. What is run, and what is read and taken back, does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cdp_assets.spark.watch import Watch


@contextmanager
def in_session(session: Any, watch: Watch) -> Iterator[None]:
    """dbt commands within run in this session, and change none of its settings; once the watch has a problem, nothing more is asked."""
    from dbt.adapters.spark import session as adapter
    from dbt_common.exceptions import DbtRuntimeError
    from pyspark.errors import AnalysisException

    class Cursor(adapter.Cursor):  # type: ignore[misc]  # dbt-spark has no types
        def execute(self, sql: str, *parameters: Any) -> None:
            self._rows, self._sql = None, sql
            if watch.problem is not None:
                raise DbtRuntimeError(str(watch.problem))
            try:
                self._df = session.sql(sql % parameters if parameters else sql)
            except AnalysisException as error:  # dbt asks for what may not be there, and knows it by this
                raise DbtRuntimeError(str(error)) from error
            except Exception as error:
                watch.heard(str(error), sql)
                raise

        def fetchall(self) -> Any:
            try:
                return super().fetchall()
            except Exception as error:
                watch.heard(str(error), self._sql)
                raise

    former = adapter.Cursor
    adapter.Cursor = Cursor
    try:
        yield
    finally:
        adapter.Cursor = former
