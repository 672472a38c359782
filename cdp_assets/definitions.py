"""The code location: assembles what `cdp_assets.defs` holds, and has no logic of its own.

Importing it reads contracts, lists and the prepared manifest, and does nothing: no home is made, no project parsed.
"""

from __future__ import annotations

import dagster as dg

from cdp_assets.defs.checks import build_scorecard_checks
from cdp_assets.defs.dbt import build_dbt_assets
from cdp_assets.defs.identity import build_identity_assets
from cdp_assets.defs.insight import build_insight_assets
from cdp_assets.defs.jobs import executor, jobs, loggers
from cdp_assets.defs.landing import build_landing_assets
from cdp_assets.defs.owners import owned
from cdp_assets.defs.publish import publish_assets
from cdp_assets.defs.resources import OnefoldHome
from cdp_assets.defs.schedules import schedules
from cdp_assets.defs.sensors import sensors
from cdp_assets.settings import Settings

settings = Settings.load()

defs = dg.Definitions(
    assets=owned(
        [
            *build_landing_assets(settings),
            *build_dbt_assets(settings),
            *build_identity_assets(),
            *build_insight_assets(settings),
            *publish_assets,
        ]
    ),
    asset_checks=build_scorecard_checks(settings),
    jobs=jobs,
    schedules=schedules,
    sensors=sensors,
    executor=executor,
    loggers=loggers,
    resources={"home": OnefoldHome()},
)
