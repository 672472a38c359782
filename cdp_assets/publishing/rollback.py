"""Go back one generation: readers and state return to what they were before the current one was published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import duckdb

from cdp_assets.publishing import recovery
from cdp_assets.publishing.copies import PublishProblem, Reached
from cdp_assets.publishing.histories import undo_histories
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

Withdraw = Callable[[duckdb.DuckDBPyConnection, str], object]
"""Takes back what a room committed later: (connection to state inside the transaction, generation to go back to)."""


def roll_back(
    settings: Settings, *, withdrawals: Sequence[Withdraw] = (), reached: Reached = lambda _: None
) -> tuple[str, str]:
    """Withdraw the current generation and make its forerunner current; returns (withdrawn, current).

    The withdrawn generation's files stay until the next one is published. What landed stays landed: a rollback is about
    what was made of it. Raises PublishProblem where there is no generation to go back to.
    """
    with connect_state(settings) as con:
        withdrawn, later, previous = _find(con)
        if previous is None or not (settings.published_dir / previous).is_dir():
            raise PublishProblem(
                f"{withdrawn} has no earlier generation on disk to go back to: correct the cause and run `onefold run`"
            )
        con.begin()
        for withdraw in withdrawals:
            withdraw(con, previous)
        for generation, as_of_date in later:
            undo_histories(con, settings.published_dir / generation, as_of_date)
            con.execute(
                "update generations set status = 'withdrawn', note = 'withdrawn by rollback' where generation = ?",
                [generation],
            )
        con.execute("update generations set status = 'current' where generation = ?", [previous])
        reached("rollback/state written")
        con.commit()
        reached("rollback/state committed")
    recovery.show(settings, previous, reached)
    return withdrawn, previous


def _find(con: duckdb.DuckDBPyConnection) -> tuple[str, list[tuple[str, date]], str | None]:
    """(current generation, it and what came after it with their dates, newest first, the newest superseded one before it).

    What came after it is damaged: readers fell back from it, state did not.
    """
    rows = con.execute(
        "select generation, as_of_date, status from generations where status in ('current', 'superseded', 'damaged') "
        "order by generation desc"
    ).fetchall()
    current = next((name for name, _, status in rows if status == "current"), None)
    if current is None:
        raise PublishProblem("nothing is published yet: run `onefold run` first")
    previous = next((name for name, _, status in rows if status == "superseded" and name < current), None)
    return current, [(name, day) for name, day, _ in rows if name > (previous or "")], previous
