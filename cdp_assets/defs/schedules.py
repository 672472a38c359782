"""When runs start by themselves. Off until switched on in Dagster's page or by ONEFOLD_NIGHTLY: cron and systemd call `onefold run`."""

import dagster as dg

from cdp_assets.defs.jobs import nightly
from cdp_assets.settings import Settings

_settings = Settings.load()

nightly_at_two = dg.ScheduleDefinition(
    name="nightly_at_two",
    job=nightly,
    cron_schedule="0 2 * * *",
    execution_timezone=_settings.business_time_zone,
    default_status=dg.DefaultScheduleStatus.RUNNING
    if _settings.nightly
    else dg.DefaultScheduleStatus.STOPPED,
    description="02:00 in the business time zone.",
)

schedules = [nightly_at_two]
