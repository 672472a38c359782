"""What a run that published found and people must look at: gathered from state and the run's own record, one line each."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from cdp_assets.landing.contract import load_contracts
from cdp_assets.landing.delivery_checks import newly_held
from cdp_assets.landing.residence import misplaced
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


def misplaced_data(settings: Settings) -> tuple[str, ...]:
    """Channels whose contract names another region than the home's, and of which something landed before; one line each."""
    return tuple(
        f"elsewhere: {line}" for line in misplaced(settings, load_contracts(*settings.contract_dirs))
    )


def interim_erasures(settings: Settings) -> tuple[str, ...]:
    """What erasures that are not final wait for, one line each: a platform, somebody's file, whoever reads an old one."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select erasure_id from rights_erasures where status <> 'final' order by begun_at, erasure_id"
        ).fetchall()
    return tuple(
        f"interim: erasure {erasure_id}: {line}"
        for (erasure_id,) in rows
        for line in _open_points(settings.home / "rights" / "certificates" / f"{erasure_id}.json")
    )


def _open_points(certificate: Path) -> list[str]:
    """What an interim certificate says of why."""
    try:
        document = json.loads(certificate.read_text(encoding="utf-8"))
        scan, waiting = document["scan"], list(document["waiting"])
    except (OSError, ValueError, KeyError, TypeError):
        return ["its certificate is not there, or damaged: the next start writes it"]
    found = [f"{place}: it names somebody still" for place in scan["found"]]
    return [*waiting, *found, *(f"{place}: it cannot be read" for place in scan["unreadable"])]


def attention(settings: Settings, run_id: str) -> tuple[str, ...]:
    """Damage of published files, deliveries held for the first time, what steps of the run asked to be told (see `RunRecord.tell`), figures
    that people watch, corrections that lapsed, requests past their day, what erasures wait for, and data that belong elsewhere."""
    damaged = tell_of_damage(settings, run_id)
    held = [f"held back: {line}; `onefold accept` lets it in" for line in newly_held(settings, run_id)]
    told = [step.detail or step.name for step in RunRecord(settings, run_id).steps() if step.kind == "tell"]
    lapsed = lapsed_corrections(settings, str(RunRecord(settings, run_id).facts().get("generation")))
    late = overdue_requests(settings, settings.business_day())
    waiting = (*interim_erasures(settings), *misplaced_data(settings))
    return (*damaged, *held, *told, *struck(settings), *lapsed, *late, *waiting)
