"""When runs start by themselves. Off until switched on in Dagster's page: cron and systemd call `onefold run`."""

import dagster as dg

from cdp_assets.defs.jobs import nightly
from cdp_assets.settings import Settings

nightly_at_two = dg.ScheduleDefinition(
    name="nightly_at_two",
    job=nightly,
    cron_schedule="0 2 * * *",
    execution_timezone=Settings.load().business_time_zone,
    description="02:00 in the business time zone.",
)

schedules = [nightly_at_two]
