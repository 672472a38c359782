"""Jobs, the nightly schedule, the executor and the log of a run."""

import logging
from pathlib import Path
from typing import Any

import dagster as dg

from cdp_assets.settings import Settings

executor = dg.in_process_executor  # a run is one process: starting one per step costs more than the steps


@dg.logger(description="One file per run under HOME/logs; names, counts and remedies only.")
def file_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """Write the run's log to HOME/logs/<run_id>.log, owner-only."""
    logs_dir = Settings.load().logs_dir
    logs_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    logger = logging.getLogger(f"onefold.run.{context.run_id}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    if not logger.handlers and context.run_id:
        path = Path(logs_dir) / f"{context.run_id}.log"
        handler = logging.FileHandler(path, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        path.chmod(0o600)
    return logger


loggers: dict[str, Any] = {"file": file_logger}

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Everything: land, resolve identities, build and test the tables, publish.",
    config={"loggers": {"file": {"config": {}}}},
)

schedule_nightly = dg.ScheduleDefinition(
    name="nightly_at_two",
    job=nightly,
    cron_schedule="0 2 * * *",
    execution_timezone=Settings.load().business_time_zone,
    description="02:00 in the business time zone.",
)

jobs = [nightly]
schedules = [schedule_nightly]
sensors: list[dg.SensorDefinition] = []
