"""Jobs, the executor and the log of a run."""

import logging
from pathlib import Path
from typing import Any

import dagster as dg

from cdp_assets.defs.dbt import LAWS
from cdp_assets.defs.publish import ACTIVATION
from cdp_assets.settings import Settings

executor = dg.in_process_executor  # a run is one process: starting one per step costs more than the steps


@dg.logger(config_schema={}, description="One file per run under HOME/logs; names, counts and remedies only.")
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

LANDING = dg.AssetSelection.groups("landing")
IDENTITY = dg.AssetSelection.groups("reference", "staging", "identity")
PUBLISH = dg.AssetSelection.groups("publish")


def _job(name: str, selection: dg.AssetSelection, description: str) -> Any:
    return dg.define_asset_job(
        name, selection=selection, description=description, config={"loggers": {"file": {"config": {}}}}
    )


nightly = _job(
    "nightly",
    dg.AssetSelection.all(),
    "Everything: land, resolve identities, build and test the tables, publish. The only job that publishes.",
)
unchanged = _job(
    "unchanged",
    LANDING | dg.AssetSelection.assets(ACTIVATION),
    "What every night owes though nothing changed: verify, expire and prune, and hand out what became due. Publishes nothing.",
)
land = _job(
    "land", LANDING, "Land what lies in the inbox; says what is held or quarantined, hours before the night."
)
identity = _job(
    "identity",
    IDENTITY,
    "Propose customer ids anew from what has landed; nothing of it lasts until `nightly` publishes.",
)
marts = _job(
    "marts",
    (dg.AssetSelection.all() - LANDING - IDENTITY - PUBLISH) | dg.AssetSelection.assets(LAWS),
    "Build and test all tables behind the customer ids of the warehouse, and the laws over them; publishes nothing.",
)

jobs = [nightly, unchanged, land, identity, marts]
