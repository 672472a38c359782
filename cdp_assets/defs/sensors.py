"""What starts a run, or tells of one, when something happens: files that arrived, a run that failed."""

import json
from dataclasses import asdict

import dagster as dg

from cdp_assets.defs.jobs import nightly
from cdp_assets.landing.contract import load_contracts
from cdp_assets.operations.alerts import alert, describe_failure, describe_warnings, reason_of
from cdp_assets.operations.arrivals import Sighting, judge, look
from cdp_assets.operations.attention import attention
from cdp_assets.settings import Settings


@dg.sensor(
    job=nightly,
    minimum_interval_seconds=60,
    description="Runs everything when a drop in the inbox is complete: the same at two looks, done-markers there.",
)
def files_arrived(context: dg.SensorEvaluationContext) -> dg.SkipReason | dg.RunRequest:
    settings = Settings.load()
    drop = look(settings.inbox_dir, load_contracts(*settings.contract_dirs))
    last = Sighting(**json.loads(context.cursor)) if context.cursor else Sighting()
    is_complete, why, sighting = judge(drop, last)
    context.update_cursor(json.dumps(asdict(sighting)))
    if not is_complete:
        return dg.SkipReason(why)
    return dg.RunRequest(run_key=drop.fingerprint)


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the webhook and the mail addresses that are configured which run failed, why and what to do.",
)
def run_failed(context: dg.RunFailureSensorContext) -> None:
    settings = Settings.load()
    step, reason = first_failure(context)
    for line in alert(
        settings, describe_failure(settings, context.dagster_run.run_id, step=step, reason=reason)
    ):
        context.log.info(line)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of a run that published and found something that people must look at: held deliveries, masked cells.",
)
def run_needs_a_look(context: dg.RunStatusSensorContext) -> None:
    settings, run_id = Settings.load(), context.dagster_run.run_id
    lines = attention(settings, run_id)
    for line in alert(settings, describe_warnings(settings, run_id, lines)) if lines else []:
        context.log.info(line)


def first_failure(context: dg.RunFailureSensorContext) -> tuple[str, str]:
    """(step, reason) of the step that failed first; steps raise texts of our own only.

    What fails outside a step is told without its text: a library may have quoted data.
    """
    for event in context.get_step_failure_events():
        return str(event.step_key), reason_of(event.step_failure_data.error)
    return "the run itself", "it ended before or between its steps (killed, out of memory, or not startable)"


sensors = [files_arrived, run_failed, run_needs_a_look]
