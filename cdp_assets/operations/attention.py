"""What a run that published found and people must look at: gathered from state and the run's own record, one line each."""

from __future__ import annotations

from datetime import date

from cdp_assets.landing.delivery_checks import newly_held
from cdp_assets.operations.watched import struck
from cdp_assets.publishing.damage import tell_of_damage
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state


def overdue_requests(settings: Settings, today: date) -> tuple[str, ...]:
    """Requests of people (`onefold rights`) whose last day is past, one line each."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select request_id, kind, due_date from rights_requests "
            "where due_date < ? and status in ('received', 'waiting', 'in_progress') order by due_date, request_id",
            [today],
        ).fetchall()
    return tuple(
        f"overdue: request {request_id[:8]} to {kind} was due {due}; `onefold rights show {request_id[:8]}`"
        for request_id, kind, due in rows
    )


def lapsed_corrections(settings: Settings, generation: str) -> tuple[str, ...]:
    """Corrections of people that a third value ended with the publication of a generation, one line each."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select request_id, detail from rights_events where event = 'lapsed' and ends_with(detail, ' in ' || ?) order by all",
            [generation],
        ).fetchall()
    return tuple(f"correction lapsed: request {request_id[:8]}, {detail}" for request_id, detail in rows)


def attention(settings: Settings, run_id: str) -> tuple[str, ...]:
    """Damage of published files, deliveries held for the first time, what steps of the run asked to be told (see `RunRecord.tell`), figures
    that people watch, corrections that lapsed, and requests past their day."""
    damaged = tell_of_damage(settings, run_id)
    held = [f"held back: {line}; `onefold accept` lets it in" for line in newly_held(settings, run_id)]
    told = [step.detail or step.name for step in RunRecord(settings, run_id).steps() if step.kind == "tell"]
    lapsed = lapsed_corrections(settings, str(RunRecord(settings, run_id).facts().get("generation")))
    late = overdue_requests(settings, settings.business_day())
    return (*damaged, *held, *told, *struck(settings), *lapsed, *late)
