"""Make a home ready for a run: folders, state, key, and the repair of what a killed run left."""

from __future__ import annotations

from cdp_assets.keys import load_key
from cdp_assets.publishing.recovery import repair
from cdp_assets.settings import Settings
from cdp_assets.state import check_key, migrate

DAGSTER_YAML = """\
telemetry:
  enabled: false
nux:
  enabled: false
"""


def prepare_home(settings: Settings) -> list[str]:
    """Create or mend everything that a run expects; returns what had to be repaired, in words."""
    for folder in (
        settings.home,
        settings.landing_dir,
        settings.runs_dir,
        settings.logs_dir,
        settings.dagster_dir,
    ):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    instance_file = settings.dagster_dir / "dagster.yaml"
    if not instance_file.exists():
        instance_file.write_text(DAGSTER_YAML)
    key = load_key(settings)
    migrate(settings)
    check_key(settings, key)
    return repair(settings)
