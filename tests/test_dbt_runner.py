"""dbt in process: its file is let go, and its words are not passed on."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from cdp_assets import dbt_runner
from cdp_assets.settings import Settings

NODE = SimpleNamespace(compiled_path="target/x.sql", original_file_path="models/x.sql")


def test_the_private_name_that_holds_dbt_duckdb_s_connection_is_still_there() -> None:
    """If this fails after an upgrade, find where dbt-duckdb keeps its environment and mend `release`."""
    assert "_ENV" in vars(DuckDBConnectionManager)
    assert callable(DuckDBConnectionManager.close_all_connections)


def test_a_runtime_error_loses_its_data_and_a_compilation_error_keeps_its_words() -> None:
    said = dbt_runner._safe_reason("Runtime Error in model x\n  Conversion Error: 'secret@example.com'", NODE)
    assert said == "Runtime Error; look at target/x.sql"
    contract = "Compilation Error in model x\n  column amount is missing in definition"
    assert dbt_runner._safe_reason(contract, NODE) == contract


def test_the_calls_of_a_run_share_one_parse_of_the_project(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[str, object]] = []

    def invoked(_: Settings, command: list[str], manifest: object, *__: object) -> SimpleNamespace:
        commands.append((command[0], manifest))
        made = "the manifest" if command[0] == "parse" else SimpleNamespace(results=[])
        return SimpleNamespace(success=True, exception=None, result=made)

    monkeypatch.setattr(dbt_runner, "_invoke", invoked)
    monkeypatch.setattr(dbt_runner, "_PARSED", {})
    for day in (1, 2):
        dbt_runner.invoke(settings, ["build"], as_of_date=date(2020, 1, day))
    assert commands == [("parse", None), ("build", "the manifest"), ("build", "the manifest")]
