"""The inbox of what the privacy officer decides on the page: one file per decision, taken by the next start of a run or of `onefold rights run`.

A decision names a person by keyed hashes only. Its file goes once it is taken: a right value of a correction is in it. Taking one twice
changes nothing, so that a kill between is harmless. Expects the home's lock.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cdp_assets.decisions import Decision, read_decisions, write_once
from cdp_assets.errors import safe_text
from cdp_assets.keys import load_key
from cdp_assets.rights import answers, carrying, people, requests, showing
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.requests import NewRequest
from cdp_assets.rights.wishes import Wish
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

FOLDER = "rights_inbox"
CHANGES = {"refuse": "refused", "cancel": "cancelled", "close": "completed"}
NAMESPACE = uuid.UUID("6f1c0a52-2f0b-4f61-9a55-4c9d2f6f0a11")  # of request ids that are made of decisions


def folder(settings: Settings) -> Path:
    return settings.home / FOLDER


def decide(settings: Settings, action: str, *, decided_by: str, **facts: Any) -> str:
    """Write one decision, once; returns its id."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return write_once(
        folder(settings), {"action": action, "decided_by": decided_by, "decided_at": now, **facts}
    )


def waiting(settings: Settings) -> list[Decision]:
    """What was decided and is not taken yet, oldest first."""
    return list(read_decisions(folder(settings)))


def request_id_of(decision_id: str) -> str:
    """The id that a request gets which is taken by this decision."""
    return str(uuid.uuid5(NAMESPACE, decision_id))


def take(settings: Settings, reached: Callable[[str], None] = lambda _: None) -> list[str]:
    """Take what waits, the oldest first; returns what was done, and what could not be, in words."""
    said: list[str] = []
    find: list[str] = []
    decisions = waiting(settings)
    for decision in decisions:
        if decision.content is None:
            said.append(
                f"the decision {decision.path.name} cannot be read: look at it in HOME/{FOLDER}, and decide again"
            )
            continue
        try:
            said.append(_take(settings, decision, decision.content, find, reached))
        except (RequestProblem, KeyError, TypeError, ValueError) as error:
            words = (
                str(error)
                if isinstance(error, RequestProblem)
                else f"it is not complete ({safe_text(error)})"
            )
            said.append(f"a decision on the page was not taken: {words}")
            _note_problem(settings, decision.content, words)
        decision.path.unlink(missing_ok=True)
    if decisions:
        showing.show(settings, tuple(find))
    return said


def _take(
    settings: Settings,
    decision: Decision,
    content: dict[str, Any],
    find: list[str],
    reached: Callable[[str], None],
) -> str:
    actor = str(content["decided_by"])
    action = content["action"]
    if action == "take":
        return _enter(settings, decision.decision_id, content, actor, find)
    request_id = str(content["request_id"])
    if action == "run":
        return _run(settings, request_id, content, actor, reached)
    with connect_state(settings) as con:
        request = requests.find(con, request_id)
        short = request.request_id[:8]
        if action == "find":
            find.append(request.request_id)
            return f"request {short}: looked for"
        if action == "confirm":
            con.execute(
                "insert or replace into rights_confirmations values (?, ?, ?, ?, now()::timestamp)",
                [request.request_id, str(content["record_key"]), bool(content["is_hers"]), actor],
            )
            return f"request {short}: a record is {'hers' if content['is_hers'] else 'a stranger’s'}"
        if action == "fetched":
            answers.note_fetched(con, request.request_id)
            return f"request {short}: its answer was fetched"
        if action == "change" and content["to"] == "extend":
            return _extend(settings, con, request, content, actor)
        return _change(con, request, str(content["to"]), str(content["because"]), actor)


def _extend(
    settings: Settings, con: Any, request: requests.Request, content: dict[str, Any], actor: str
) -> str:
    """It counts as of the day when it was decided on the page, however late a run takes it."""
    decided = datetime.fromisoformat(str(content["decided_at"])).astimezone(UTC).replace(tzinfo=None)
    later = requests.extend(
        con, request.request_id, actor=actor, reason=str(content["because"]), on=settings.business_day(decided), received_on=settings.business_day
    )  # fmt: skip
    return f"request {request.request_id[:8]}: due {later.due_date} now"


def _change(con: Any, request: requests.Request, to: str, because: str, actor: str) -> str:
    short = request.request_id[:8]
    if to == "verified":
        requests.verify_person(con, request.request_id, actor=actor, how=because)
        return f"request {short}: verified"
    if to not in CHANGES:
        raise RequestProblem(
            "the change is not known", short, f"one of extend, verified, {', '.join(CHANGES)}"
        )
    requests.decide(con, request.request_id, CHANGES[to], actor=actor, reason=because)
    return f"request {short}: {CHANGES[to]}"


def _enter(settings: Settings, decision_id: str, content: dict[str, Any], actor: str, find: list[str]) -> str:
    wish = content.get("wish") or {}
    request_id = request_id_of(decision_id)
    new = NewRequest(
        kind=str(content["kind"]),
        identities=[],
        hashed=[(str(kind), str(hashed)) for kind, hashed in content["identities"]],
        jurisdiction=str(content["jurisdiction"]),
        received_at=settings.business_noon(date.fromisoformat(content["received"])),
        received_on=date.fromisoformat(content["received"]),
        is_verified=bool(content.get("verified")),
        request_id=request_id,
        holds=[requests.read_hold(each) for each in content.get("holds", [])],
        wish=Wish(
            tuple(wish.get("purposes", ())), wish.get("language"), wish.get("attribute"), wish.get("right_value"), None, wish.get("wrong_pseudonym")
        ),
    )  # fmt: skip
    with connect_state(settings) as con:
        if con.execute("select 1 from rights_requests where request_id = ?", [request_id]).fetchall():
            return f"request {request_id[:8]} is in the ledger already"
        taken = requests.take(con, load_key(settings), new, actor=actor)
        if content.get("verified"):
            requests.verify_person(con, request_id, actor=actor, how=str(content["verified"]))
    find.append(request_id)
    return f"request {taken.request_id[:8]} to {taken.kind} is taken, due {taken.due_date}"


def _run(
    settings: Settings, request_id: str, content: dict[str, Any], actor: str, reached: Callable[[str], None]
) -> str:
    how = carrying.How(actor, rewrites_inbox=bool(content.get("rewrite_inbox")), is_named=True)
    chosen = people.due_requests(settings, [request_id], may_go_on=how.rewrites_inbox)
    carried = carrying.carry_out(settings, chosen, how, reached)
    for problem in carried.problems:
        _note_problem(settings, content, problem)
    certificates = [f"erasure {each['erasure_id']} is {each['status']}" for each in carried.certificates]
    return "; ".join([*carried.done, *certificates, *carried.problems])


def _note_problem(settings: Settings, content: dict[str, Any], words: str) -> None:
    """Keep with the request why what was decided of it was not done."""
    if not content.get("request_id"):
        return
    with connect_state(settings) as con:
        if con.execute(
            "select 1 from rights_requests where request_id = ?", [str(content["request_id"])]
        ).fetchall():
            requests.note(con, str(content["request_id"]), "not_done", str(content.get("decided_by")), words)
