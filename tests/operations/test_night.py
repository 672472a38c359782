"""The night as Dagster sees it: what starts a run, and what a failed one says."""

import errno
from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.dbt_runner import DbtProblem
from cdp_assets.defs import resources
from cdp_assets.defs.schedules import nightly_at_two
from cdp_assets.defs.sensors import files_arrived, run_failed
from cdp_assets.errors import may_pass_on_retry
from cdp_assets.settings import Settings
from tests.operations.test_alerts import web_server


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ONEFOLD_HOME", str(settings.home))
    monkeypatch.setenv("ONEFOLD_INBOX", str(settings.inbox_dir))
    monkeypatch.setenv("ONEFOLD_KEY", str(settings.key))
    return settings


def test_the_night_starts_at_two_in_the_business_time_zone() -> None:
    assert nightly_at_two.cron_schedule == "0 2 * * *"
    assert nightly_at_two.execution_timezone == Settings.load().business_time_zone
    assert nightly_at_two.job_name == "nightly"


def test_files_that_have_arrived_start_one_run(home: Settings) -> None:
    def tick(cursor: str | None) -> tuple[object, str]:
        context = dg.build_sensor_context(cursor=cursor)
        return files_arrived(context), context.cursor or ""

    (home.inbox_dir / "shopify").mkdir()
    (home.inbox_dir / "shopify" / "orders_export_2017-01-01.csv").write_text("x")
    first, cursor = tick(None)
    assert isinstance(first, dg.SkipReason)
    second, cursor = tick(cursor)
    assert isinstance(second, dg.RunRequest)
    assert second.run_key
    third, _ = tick(cursor)
    assert isinstance(third, dg.SkipReason)


def test_a_failed_run_of_dagster_is_told_of_by_its_step(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dg.op
    def build_marts() -> None:
        raise DbtProblem("2 dbt nodes failed")

    @dg.job
    def night() -> None:
        build_marts()

    with web_server() as (port, posted), dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.setenv("ONEFOLD_ALERT_WEBHOOK", f"http://127.0.0.1:{port}/")
        result = night.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            "run_failed", result.get_run_failure_event(), instance, result.dagster_run
        ).for_run_failure()
        run_failed(context)
    (body,) = posted
    assert (body["run_id"], body["step"]) == (result.dagster_run.run_id, "build_marts")
    assert body["reason"] == "2 dbt nodes failed"


@pytest.mark.parametrize(
    ("error", "passes"),
    [(BlockingIOError(11, "busy"), True), (OSError(28, "disk full"), False), (ValueError("wrong"), False)],
)
def test_only_what_may_pass_is_tried_again(error: Exception, passes: bool) -> None:
    assert may_pass_on_retry(error) is passes


def test_a_file_that_another_process_writes_may_pass_on_a_retry(tmp_path: Path) -> None:
    import subprocess
    import sys

    import duckdb

    code = (
        "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('open', flush=True); time.sleep(60)"
    )
    path = str(tmp_path / "held.duckdb")
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(duckdb.IOException) as caught:
            duckdb.connect(path)
        holder.kill()
    assert may_pass_on_retry(caught.value)


@pytest.mark.parametrize(
    ("error", "tries", "is_made"),
    [(BlockingIOError(errno.EAGAIN, "held"), 2, True), (OSError(errno.ENOSPC, "disk full"), 1, False)],
)
def test_a_step_is_retried_only_after_what_may_pass(
    home: Settings, monkeypatch: pytest.MonkeyPatch, error: OSError, tries: int, is_made: bool
) -> None:
    monkeypatch.setattr(resources, "SECONDS_BETWEEN", 0)
    attempts = []

    @dg.asset
    def landed(context: dg.AssetExecutionContext, home: resources.OnefoldHome) -> None:
        with resources.reported(context, home, "landed"):
            attempts.append(context.retry_number)
            if len(attempts) == 1:
                raise error

    result = dg.materialize([landed], resources={"home": resources.OnefoldHome()}, raise_on_error=False)
    assert (len(attempts), result.success) == (tries, is_made)
