"""From requests to one erasure: whom they cover is found in the warehouse, settled by the officer's words, and begun in one journal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import duckdb

from cdp_assets.keys import load_key
from cdp_assets.publishing.copies import text
from cdp_assets.rights import closure, requests, stores
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
    with duckdb.connect(config=settings.duckdb_limits) as con:
        con.execute(f"attach {text(settings.warehouse_path)} as warehouse (read_only)")
        con.execute(f"attach {text(settings.state_path)} as state (read_only)")
        con.execute("use warehouse")
        yield con


def found_by(settings: Settings, request: Request) -> closure.Closure:
    """Whom one request covers."""
    with open_people(settings) as con:
        return closure.closure(con, load_key(settings), request)


def traces_for(
    settings: Settings, request: Request, *, confirmed: Collection[str] = (), left: Collection[str] = ()
) -> Traces:
    """What would show the person of a request; empty where nobody is found. Raises RequestProblem while the officer has not settled it."""
    with open_people(settings) as con:
        found = closure.closure(con, load_key(settings), request)
        if not found.seeds:
            return Traces()
        return closure.traces_of(con, closure.settle(found, confirmed=confirmed, left=left))


def counted(settings: Settings, request: Request) -> dict[str, int]:
    """Rows of the person per store, found and not changed: what `erasure` would take out."""
    key = load_key(settings)
    with open_people(settings) as con:
        found = closure.closure(con, key, request)
        traces = closure.traces_of(con, found.covered) if found.covered else Traces()
    return {} if traces.is_empty else stores.find(settings, SoughtPeople(settings, traces))


def due_requests(settings: Settings, request_ids: Sequence[str], kind: str) -> list[Request]:
    """The open, verified requests of a kind that are named, or all of them. Raises RequestProblem for one that cannot be run."""
    with connect_state(settings, read_only=True) as con:
        if not request_ids:
            return [each for each in requests.listed(con) if each.kind == kind and _is_ready(each)]
        chosen = [requests.find(con, each) for each in request_ids]
    for each in chosen:
        if each.kind != kind:
            raise RequestProblem(
                f"request {each.request_id} is to {each.kind}",
                "`onefold rights run` erases, and nothing else yet",
                "answer it by hand, then `onefold rights change ID --to close --because …`",
            )
        if reason := _why_not(each):
            raise RequestProblem(f"request {each.request_id} {reason[0]}", "the ledger in state", reason[1])
    return chosen


def _is_ready(request: Request) -> bool:
    return request.status in requests.OPEN and _why_not(request) is None


def _why_not(request: Request) -> tuple[str, str] | None:
    """What keeps a request from being run, and what to do."""
    if request.holds:
        return (
            f"has {len(request.holds)} holds",
            "an erasure around a hold is not built: carry it out by hand, or take the request anew without it",
        )
    if request.status == "in_progress":
        return (
            "is under way; its certificate says what it waits for",
            "nothing: every start of a run, and of `onefold rights`, looks whether it is there, and then ends it",
        )
    if request.status not in requests.OPEN:
        return f"is {request.status}", "take a new one"
    if not request.is_verified:
        return (
            "is not verified",
            "make sure that it comes from its person, then `onefold rights change ID --to verified --because …`",
        )
    return None
