"""What a run that published found and people must look at: gathered from state and the run's own record, one line each."""

from __future__ import annotations

from cdp_assets.landing.holding import newly_held
from cdp_assets.operations.watched import struck
from cdp_assets.publishing.damage import tell_of_damage
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings


def attention(settings: Settings, run_id: str) -> tuple[str, ...]:
    """Damage of published files, deliveries held for the first time, what steps of the run asked to be told (see `RunRecord.tell`), and
    figures that people watch."""
    damaged = tell_of_damage(settings, run_id)
    held = [f"held back: {line}; `onefold accept` lets it in" for line in newly_held(settings, run_id)]
    told = [step.detail or step.name for step in RunRecord(settings, run_id).steps() if step.kind == "tell"]
    return (*damaged, *held, *told, *struck(settings))
