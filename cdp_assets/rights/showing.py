"""What the privacy officer's page shows: one file, HOME/rights/shown.json, written whenever something of the ledger changed.

A page cannot ask state or the build while a run works on them. The file names nobody: ids, kinds, dates, counts, masked comparisons.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cdp_assets.landing.files import replacing
from cdp_assets.rights import certificate, corrections, counting, requests, wishes
from cdp_assets.rights.journal import folder
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.requests import Request
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

FILE = "shown.json"


def path_of(settings: Settings) -> Path:
    return settings.home / "rights" / FILE


def read(settings: Settings) -> dict[str, Any]:
    """What was shown last; nothing before the first request."""
    try:
        found = json.loads(path_of(settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"made_at": None, "requests": []}
    return found if isinstance(found, dict) else {"made_at": None, "requests": []}


def kept_count(settings: Settings, request_id: str) -> dict[str, Any] | None:
    """What was counted last of a request; None where nobody has asked."""
    return next(
        (each["found"] for each in read(settings)["requests"] if each["request_id"] == request_id), None
    )


def show(settings: Settings, find: tuple[str, ...] = ()) -> None:
    """Write the ledger as the page shows it. find: requests whose person is counted anew; what was counted of others stays (`counting`)."""
    before = {each["request_id"]: each.get("found") for each in read(settings)["requests"]}
    with connect_state(settings, read_only=True) as con:
        listed = requests.listed(con)
        shown = [_facts(con, each) for each in listed]
    still_open = [each for each in listed if each.status in requests.OPEN]
    counts = counting.renewed(settings, still_open, before, find)
    for facts in shown:
        facts["found"] = counts.get(facts["request_id"])
    content = {"made_at": datetime.now(UTC).isoformat(timespec="seconds"), "requests": shown}
    path = folder(settings) / FILE
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str), encoding="utf-8")


def _facts(con: Any, request: Request) -> dict[str, Any]:
    wish = wishes.wish_of(con, request.request_id)
    answer = con.execute(
        "select file_name, sha256, expires_at, fetched_at, ended_because from rights_answers where request_id = ?",
        [request.request_id],
    ).fetchall()
    erasure = con.execute(
        "select erasure_id, status from rights_erasures where list_contains(request_ids, ?) order by begun_at desc limit 1",
        [request.request_id],
    ).fetchall()
    confirmed = con.execute(
        "select record_key, is_hers from rights_confirmations where request_id = ? order by all",
        [request.request_id],
    ).fetchall()
    return {
        **{name: getattr(request, name) for name in (
            "request_id", "kind", "jurisdiction", "received_at", "due_date", "is_extended", "is_verified", "status", "outcome", "closed_at")},
        "identities": sorted({kind for kind, _ in request.identities}),
        "purposes": list(wish.purposes), "attribute": wish.attribute, "language": wish.language,
        "holds": [asdict(hold) for hold in request.holds],
        "events": [[at, event, actor, detail] for at, event, actor, detail in requests.history(con, request.request_id)],
        "corrections": corrections.standing(con, request.request_id),
        "answer": dict(zip(("file_name", "sha256", "expires_at", "fetched_at", "ended_because"), answer[0], strict=True)) if answer else None,
        "erasure": {"erasure_id": erasure[0][0], "status": erasure[0][1]} if erasure else None,
        "confirmed": {record: bool(is_hers) for record, is_hers in confirmed},
        "found": None,
    }  # fmt: skip


def certificate_of(settings: Settings, erasure_id: str) -> dict[str, Any] | None:
    """A certificate by its erasure; None where there is none, or it cannot be read."""
    try:
        return certificate.read_certificate(settings.home / "rights" / "certificates" / f"{erasure_id}.json")
    except RequestProblem:
        return None
