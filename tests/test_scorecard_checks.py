"""Each metric with a red limit is a check of its own: it warns where its last complete period is red, and stops nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from cdp_assets.insight.scorecard import Standing, limited_metrics, read_standings
from cdp_assets.settings import Settings
from cdp_assets.state import migrate

VALUES = [
    # cadence, metric, period_start, is_complete, time_window, status, metric_value
    ("weekly", "repeat_rate", "2017-01-02", True, "week", "green", 0.5),
    ("weekly", "repeat_rate", "2017-01-09", True, "week", "red", 0.1),
    ("weekly", "repeat_rate", "2017-01-16", False, "week", "green", 0.9),
    ("quarterly", "freshness_days", "2016-10-01", True, "as of the run (last quarter only)", "unknown", None),
    ("quarterly", "freshness_days", "2017-01-01", False, "as of the run (last quarter only)", "yellow", 4.0),
    ("quarterly", "refund_rate", "2017-01-01", False, "quarter", "red", 0.9),
]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ONEFOLD_HOME", str(tmp_path))
    monkeypatch.setenv("ONEFOLD_KEY", "test-key-of-at-least-thirty-two-bytes")
    made = Settings.load()
    migrate(made)
    with duckdb.connect(str(made.warehouse_path)) as con:
        con.execute("create schema scorecard")
        con.execute(
            "create table scorecard.scorecard_values (cadence text, metric text, period_start date, "
            "is_complete boolean, time_window text, status text, metric_value double)"
        )
        con.executemany("insert into scorecard.scorecard_values values (?, ?, ?, ?, ?, ?, ?)", VALUES)
    return made


def test_a_metric_stands_as_in_its_last_complete_period_or_as_of_the_run(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        assert read_standings(con) == {
            ("weekly", "repeat_rate"): Standing(date(2017, 1, 9), "red", 0.1),
            ("quarterly", "freshness_days"): Standing(date(2017, 1, 1), "yellow", 4.0),
        }


def test_a_red_metric_warns_and_every_limited_metric_has_its_check(settings: Settings) -> None:
    from cdp_assets.defs.checks import build_scorecard_checks
    from cdp_assets.defs.resources import OnefoldHome

    defs = dg.Definitions(
        assets=[dg.AssetSpec(["marts", f"scorecard_{cadence}"]) for cadence in ("weekly", "quarterly")],
        asset_checks=build_scorecard_checks(settings),
        jobs=[dg.define_asset_job("checks", selection=dg.AssetSelection.all_asset_checks())],
        resources={"home": OnefoldHome()},
    )
    result = defs.resolve_job_def("checks").execute_in_process()
    assert result.success
    found = {
        (check.asset_key.path[-1].removeprefix("scorecard_"), check.check_name): (
            check.passed,
            check.severity,
        )
        for check in result.get_asset_check_evaluations()
    }
    assert set(found) == {
        (metric.cadence, metric.metric) for metric in limited_metrics(settings.reference_dir)
    }
    assert len(found) > 15
    warn = dg.AssetCheckSeverity.WARN
    assert [name for name, (passed, _) in found.items() if not passed] == [("weekly", "repeat_rate")]
    assert {severity for _, severity in found.values()} == {warn}
