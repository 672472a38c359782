"""dbt in process: its file is let go, and its words are not passed on."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from cdp_assets import dbt_manifest, dbt_runner
from cdp_assets.defs.dbt import raise_for_failures
from cdp_assets.errors import Problem

NODE = SimpleNamespace(compiled_path="target/x.sql", original_file_path="models/x.sql")


def test_the_private_name_that_holds_dbt_duckdb_s_connection_is_still_there() -> None:
    """If this fails after an upgrade, find where dbt-duckdb keeps its environment and mend `release`."""
    assert "_ENV" in vars(DuckDBConnectionManager)
    assert callable(DuckDBConnectionManager.close_all_connections)


def test_a_database_error_loses_its_data_and_a_compilation_error_keeps_its_words() -> None:
    said = dbt_runner._safe_reason("Runtime Error in model x\n  Conversion Error: 'secret@example.com'", NODE)
    assert said == "Conversion Error: '…'; look at target/x.sql"
    contract = "Compilation Error in model x\n  column amount is missing in definition"
    assert dbt_runner._safe_reason(contract, NODE) == contract


def test_a_command_leaves_the_environment_as_it_found_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFOLD_HOME", "/of-the-process")
    monkeypatch.delenv("ONEFOLD_THREADS", raising=False)
    with (
        pytest.raises(ZeroDivisionError),
        dbt_manifest.environment({"ONEFOLD_HOME": "/of-dbt", "ONEFOLD_THREADS": "2"}),
    ):
        assert (os.environ["ONEFOLD_HOME"], os.environ["ONEFOLD_THREADS"]) == ("/of-dbt", "2")
        1 / 0  # noqa: B018
    assert os.environ["ONEFOLD_HOME"] == "/of-the-process"
    assert "ONEFOLD_THREADS" not in os.environ


def test_nodes_that_failed_are_told_with_their_files_and_what_to_do() -> None:
    results = [
        dbt_runner.NodeResult(
            "model.onefold.dates",
            "error",
            0,
            None,
            "Parser Error: x; look at target/dates.sql",
            place="dbt_project/models/marts/dates.sql",
        ),
        dbt_runner.NodeResult(
            "model.onefold.orders", "success", 0, None, None, place="dbt_project/models/marts/orders.sql"
        ),
        dbt_runner.NodeResult(
            "model.onefold.later", "skipped", 0, None, None, place="dbt_project/models/marts/later.sql"
        ),
    ]
    with pytest.raises(Problem) as raised:
        raise_for_failures(results)
    assert str(raised.value).splitlines() == [
        "1 dbt node failed:",
        "  - model.onefold.dates: error, Parser Error: x; look at target/dates.sql",
        "  where: dbt_project/models/marts/dates.sql",
        "  what to do: correct what is named there, or the data that it speaks of; then `onefold run`",
    ]
    raise_for_failures(results[1:])
