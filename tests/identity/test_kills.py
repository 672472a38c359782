"""Killed in any step of identity, the night is as good as never begun, and the next run ends the same."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from cdp_assets import identity
from tests.identity.identity_home import IdentityHome
from tests.identity.test_runs import base

pytestmark = pytest.mark.integration

RESULTS = (
    "customer_ids",
    "pairs",
    "review_queue",
    "households",
    "customer_id_changes",
    "customer_id_events",
    "issued_ids",
)


class Killed(Exception):
    """Stands for the end of the process."""


class Mortal:
    """A connection that counts its statements and dies at one of them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, dies_at: int | None = None) -> None:
        self._con = con
        self._dies_at = dies_at
        self.statements = 0

    def execute(self, *arguments: Any) -> duckdb.DuckDBPyConnection:
        self.statements += 1
        if self.statements == self._dies_at:
            raise Killed
        return self._con.execute(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def results(home: IdentityHome) -> dict[str, list[tuple[Any, ...]]]:
    return {table: home.query(f"from identity.{table} order by all") for table in RESULTS}


def night(home: IdentityHome, kills: dict[str, int]) -> dict[str, int]:
    """Every step, begun again where it is killed at one of its statements; returns the statements per step."""
    counted = {}
    for step in identity.STEPS:
        if step.name in kills:
            with home.warehouse() as con, pytest.raises(Killed):
                step.run(Mortal(con, kills[step.name]), home.context)  # type: ignore[arg-type]
            with pytest.raises(identity.IdentityProblem, match="holds no identity proposal"):
                home.commit("half a night")
        with home.warehouse() as con:
            mortal = Mortal(con)
            step.run(mortal, home.context)  # type: ignore[arg-type]
            counted[step.name] = mortal.statements
    return counted


def test_killed_in_the_middle_of_any_step_the_next_run_ends_the_same(home: IdentityHome) -> None:
    rows = base(14)
    home.write(rows[:12])
    home.run()
    home.commit("g1")
    remembered = home.query("from state.customer_id_history order by all")
    home.write(rows)
    statements = night(home, {})
    expected = results(home)
    night(home, {name: count // 2 + 1 for name, count in statements.items()})
    assert results(home) == expected
    assert home.query("from state.customer_id_history order by all") == remembered
    assert home.commit("g2").is_new
