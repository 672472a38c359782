"""From requests to one erasure: whom they cover is found in the warehouse, settled by the officer's words, and begun in one journal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import duckdb

from cdp_assets.engine import scratch
from cdp_assets.keys import load_key
from cdp_assets.landing import forgetting as landing
from cdp_assets.publishing.copies import text
from cdp_assets.rights import closure, requests
from cdp_assets.rights.requests import Request, RequestProblem
from cdp_assets.rights.sought import SoughtPeople
from cdp_assets.rights.traces import Traces
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state


@contextmanager
def open_people(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse's names, and state beside it, read only. Raises RequestProblem before the first run."""
    if not settings.warehouse_path.exists():
        raise RequestProblem(
            "there is no warehouse to find anybody in",
            str(settings.warehouse_path),
            "`onefold run` builds it; then again",
        )
    with scratch(settings.duckdb_limits) as con:
        con.execute(f"attach {text(settings.warehouse_path)} as warehouse (read_only)")
        con.execute(f"attach {text(settings.state_path)} as state (read_only)")
        con.execute("use warehouse")
        yield con


def found_by(settings: Settings, request: Request) -> closure.Closure:
    """Whom one request covers."""
    with open_people(settings) as con:
        return closure.closure(con, load_key(settings), request)


def settled(
    con: duckdb.DuckDBPyConnection,
    request: Request,
    found: closure.Closure,
    confirmed: Collection[str] = (),
    left: Collection[str] = (),
) -> list[str]:
    """The records that a request is about, by the officer's words: those given now, and those kept. con: of `open_people`."""
    kept = con.execute(
        "select record_key, is_hers from state.rights_confirmations where request_id = ?",
        [request.request_id],
    ).fetchall()
    said = {*confirmed, *left}
    hers = {*confirmed, *(record for record, is_hers in kept if is_hers and record not in said)}
    others = {*left, *(record for record, is_hers in kept if not is_hers and record not in said)}
    return closure.settle(found, confirmed=hers, left=others)


def traces_for(
    settings: Settings, request: Request, *, confirmed: Collection[str] = (), left: Collection[str] = ()
) -> Traces:
    """What would show the person of a request; empty where nobody is found. Raises RequestProblem while the officer has not settled it."""
    with open_people(settings) as con:
        found = closure.closure(con, load_key(settings), request)
        if not found.seeds:
            return Traces()
        return closure.traces_of(con, settled(con, request, found, confirmed, left))


def named_by(request: Request) -> list[tuple[str, str]]:
    """What a request says of its person, as (kind, keyed hash) that suppresses her: all that is known of one whom no build knows."""
    kinds = {"email": "email", "phone": "phone", "record": "id"}
    return sorted({(kinds.get(kind, "cell"), hashed) for kind, hashed in request.identities})


def landed_only(settings: Settings, request: Request) -> dict[str, int]:
    """Rows that name the person of a request, for one whom no build knows: in quarantine, landed since, or in files that wait."""
    return landing.find(settings, SoughtPeople(settings, Traces(), named_by(request)))


def due_requests(
    settings: Settings,
    request_ids: Sequence[str] = (),
    kinds: Collection[str] = requests.KINDS,
    *,
    may_go_on: bool = False,
) -> list[Request]:
    """The open, verified requests that are named, or all of some kinds. Raises RequestProblem for a named one that cannot be run.

    may_go_on: named erasures that are under way, too: the choice that they waited for is made now.
    """
    with connect_state(settings, read_only=True) as con:
        if not request_ids:
            return [each for each in requests.listed(con) if each.kind in kinds and _is_ready(each)]
        chosen = list(
            {each.request_id: each for each in (requests.find(con, given) for given in request_ids)}.values()
        )
    for each in chosen:
        goes_on = may_go_on and each.kind == "erase" and each.status == "in_progress"
        if not goes_on and (reason := _why_not(each)):
            raise RequestProblem(f"request {each.request_id} {reason[0]}", "the ledger in state", reason[1])
    return chosen


def _is_ready(request: Request) -> bool:
    return request.status in requests.OPEN and _why_not(request) is None


def _why_not(request: Request) -> tuple[str, str] | None:
    """What keeps a request from being run, and what to do."""
    if request.status == "in_progress":
        return (
            "is under way; its certificate says what it waits for",
            "nothing: every start of a run, and of `onefold rights`, looks whether it is there, and then ends it. Where it waits for files of "
            "the inbox, `onefold rights run ID --rewrite-inbox` cuts them",
        )
    if request.status not in requests.OPEN:
        return f"is {request.status}", "take a new one"
    if not request.is_verified:
        return (
            "is not verified",
            "make sure that it comes from its person, then `onefold rights change ID --to verified --because …`",
        )
    return None
