"""Requests carried out: whom each covers is found and settled, then each is done by the part of the room that its kind names, erasures last.

One that cannot be done yet (an ambiguous person, a record that waits for the officer's word) is told of and keeps nobody else waiting.
Expects the home's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from cdp_assets import audit
from cdp_assets.keys import load_key
from cdp_assets.publishing.copies import text
from cdp_assets.rights import (
    access,
    answers,
    closure,
    corrections,
    erasure,
    holds,
    journal,
    people,
    refusals,
    requests,
    wishes,
    words,
)
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.requests import Request
from cdp_assets.rights.traces import Traces, united
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

# What may be done is done before what is shown of it, and the person is shown it before it is erased.
ORDER = {"restrict": 0, "object": 0, "opt-out": 0, "lift": 0, "correct": 1, "access": 2, "erase": 3}
# A refusal waits for no word on records that only a score joins: on one of hers it holds for her whole customer, and neither shows nor erases a stranger.
EVERYBODY = ("all",)


@dataclass
class Carried:
    """What came of some requests: lines of who was done, problems of those that wait, and the certificates of erasures."""

    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    certificates: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class How:
    """Choices of an erasure, and the officer's words on records that only a score joins."""

    actor: str
    confirmed: Collection[str] = ()
    left: Collection[str] = ()
    rewrites_inbox: bool = False
    keeps_older: bool = True
    is_named: bool = (
        False  # the requests were named one by one: an erasure does not wait for an answer to be fetched
    )


def carry_out(
    settings: Settings, chosen: Sequence[Request], how: How, reached: Callable[[str], None] = lambda _: None
) -> Carried:
    """Do what these requests ask, in the order of their kinds and of their arrival."""
    carried = Carried()
    for request in sorted(chosen, key=lambda each: (ORDER[each.kind], each.received_at, each.request_id)):
        if request.kind == "erase":
            continue
        try:
            carried.done.append(
                f"request {request.request_id[:8]} to {request.kind}: {_serve(settings, request, how)}"
            )
        except RequestProblem as problem:
            carried.problems.append(f"request {request.request_id[:8]} to {request.kind}: {problem}")
    erasures = [each for each in chosen if each.kind == "erase"]
    if under_way := [each.request_id for each in erasures if each.status == "in_progress"]:
        carried.certificates += erasure.rewrite_inbox_too(settings, under_way, reached)
    _erase(settings, [each for each in erasures if each.status != "in_progress"], how, carried, reached)
    return carried


def _serve(settings: Settings, request: Request, how: How) -> str:
    """Carry out one request that is no erasure; returns what was done."""
    with people.open_people(settings) as con:
        found = closure.closure(con, load_key(settings), request)
        left = EVERYBODY if request.kind in wishes.REFUSED else how.left
        records = people.settled(con, request, found, how.confirmed, left) if found.seeds else []
        is_asked = request.kind == "access" and records
        gathered = access.gather(settings, con, records) if is_asked else None
        made = _made_by(con, settings, request, records) if is_asked else []
    if not records:
        _refuse_unread(settings, request)
        return close_as_nobody(settings, request, how.actor)
    with connect_state(settings) as con:
        wish = wishes.wish_of(con, request.request_id)
        if gathered:
            said = _answer(settings, con, request, wish, gathered, records, made)
        else:
            con.execute(f"attach {text(settings.warehouse_path)} as warehouse (read_only)")
            con.begin()
            said = _enter(con, settings, request, wish, records, found.seeds)
            con.commit()
            con.execute("detach warehouse")
        requests.set_status(con, request.request_id, "completed", actor=how.actor, outcome=said)
    audit.append(
        settings, how.actor, f"rights_{request.kind}", request_id=request.request_id, records=len(records)
    )
    return said


def _enter(
    con: Any,
    settings: Settings,
    request: Request,
    wish: wishes.Wish,
    records: Sequence[str],
    seeds: Sequence[str],
) -> str:
    if request.kind == "correct":
        count = corrections.correct(con, load_key(settings), request.request_id, wish, records, seeds)
        return f"{wish.attribute} of {count} records is corrected from the next run on"
    if request.kind == "lift":
        journal.enter_refusal(settings, request.request_id, records, refusals.lifts(wish), is_lifted=True)
        lifted = refusals.lift(con, request.request_id, wish, records)
        return (
            f"lifted from the next run on: {', '.join(lifted)}"
            if lifted
            else "nothing stood that could be lifted"
        )
    refused = refusals.refuses(request.kind, wish)
    journal.enter_refusal(settings, request.request_id, records, refused, is_lifted=False)
    refusals.refuse(con, request.request_id, refused, records)
    return f"{len(records)} records are out of {', '.join(refused)} from the next run on"


def _answer(
    settings: Settings,
    con: Any,
    request: Request,
    wish: wishes.Wish,
    gathered: access.Found,
    records: Sequence[str],
    made: Sequence[Request],
) -> str:
    language = words.language_of(wish.language, settings.answer_language)
    path = answers.write(settings, con, request, gathered, records, language=language, requests_made=made)
    rows = sum(len(part.rows) for part in gathered.parts)
    return f"{rows} rows of {len(gathered.parts)} tables in {answers.FOLDER}/{path.name}, for {settings.answer_days} days; {gathered.withheld} cells withheld"


def _made_by(
    con: duckdb.DuckDBPyConnection, settings: Settings, request: Request, records: Sequence[str]
) -> list[Request]:
    """Requests of the same person: they say something that this one says, and mean nobody else. con: of `open_people`."""
    hers = {hashed for _, hashed in request.identities}
    key = load_key(settings)
    con.execute("use state")
    listed = requests.listed(con)
    con.execute("use warehouse")
    said_too = [each for each in listed if hers & {hashed for _, hashed in each.identities}]
    return [each for each in said_too if set(closure.closure(con, key, each).seeds) <= set(records)]


def close_as_nobody(settings: Settings, request: Request, actor: str) -> str:
    """Close a request whose person is not found: nobody was ever known, or she was erased before."""
    before = _erased_before(settings, request)
    outcome = f"erased before, by request {before[:8]}" if before else "nobody found"
    with connect_state(settings) as con:
        requests.set_status(con, request.request_id, "completed", actor=actor, outcome=outcome)
    return f"{outcome}: nobody is found by what it says; closed"


def _refuse_unread(settings: Settings, request: Request) -> None:
    """Whom no build knows but something that waits names: to be served once it has landed. Raises RequestProblem."""
    if _erased_before(settings, request) or not (places := people.landed_only(settings, request)):
        return
    raise RequestProblem(
        "no build has read yet what names her, so it cannot be served",
        ", ".join(sorted(places)),
        "let it land (mend it, `onefold accept`, `onefold replay`) and run; then again. An erasure does not wait for that",
    )


def _erased_before(settings: Settings, request: Request) -> str | None:
    """The request that erased whom this one names, and who was not let in again since."""
    with connect_state(settings, read_only=True) as con:
        ((before,),) = con.execute(
            "select min(request_id) from rights_suppressed semi join suppressions using (identifier_pseudonym) "
            "where identifier_pseudonym in (select unnest(?::varchar[])) and request_id <> ?",
            [[hashed for _, hashed in request.identities], request.request_id],
        ).fetchall()
    return str(before) if before else None


def _erase(
    settings: Settings, chosen: Sequence[Request], how: How, carried: Carried, reached: Callable[[str], None]
) -> None:
    """All that can be erased in one go; requests with holds each in one of its own, for what they keep is theirs alone."""
    together: dict[str, Traces] = {}
    for request in chosen:
        try:
            traces = people.traces_for(settings, request, confirmed=how.confirmed, left=how.left)
            if traces.is_empty:
                _erase_unknown(settings, request, how, carried, reached)
                continue
            _refuse_unfetched(settings, request, traces, how)
            holds.check(settings, request.holds)
        except RequestProblem as problem:
            carried.problems.append(f"request {request.request_id[:8]} to erase: {problem}")
            continue
        if request.holds:
            _erase_these(settings, {request.request_id: traces}, how, carried, reached)
        else:
            together[request.request_id] = traces
    if together:
        _erase_these(settings, together, how, carried, reached)


def _erase_unknown(
    settings: Settings, request: Request, how: How, carried: Carried, reached: Callable[[str], None]
) -> None:
    """Somebody whom no build knows: what landing holds of her (in quarantine, or since the last run) goes by what the request says."""
    if _erased_before(settings, request) or not people.landed_only(settings, request):
        said = close_as_nobody(settings, request, how.actor)
        carried.done.append(f"request {request.request_id[:8]} to erase: {said}")
        return
    begun = erasure.begin(
        settings, [request.request_id], Traces(),
        actor=how.actor, rewrites_inbox=how.rewrites_inbox, keeps_older=how.keeps_older, named=people.named_by(request),
    )  # fmt: skip
    carried.certificates.append(erasure.carry_out(settings, begun, reached))


def _erase_these(
    settings: Settings, chosen: dict[str, Traces], how: How, carried: Carried, reached: Callable[[str], None]
) -> None:
    traces = united(chosen.values())
    _end_others(settings, list(chosen), traces, how.actor)
    begun = erasure.begin(
        settings,
        list(chosen),
        traces,
        actor=how.actor,
        rewrites_inbox=how.rewrites_inbox,
        keeps_older=how.keeps_older,
        by_request=chosen,
    )
    carried.certificates.append(erasure.carry_out(settings, begun, reached))


def _refuse_unfetched(settings: Settings, request: Request, traces: Traces, how: How) -> None:
    """She may want to see what is held before it is gone. Raises RequestProblem."""
    if how.is_named:
        return
    with connect_state(settings, read_only=True) as con:
        waiting = answers.unfetched(con, traces.record_keys)
    if waiting:
        raise RequestProblem(
            f"the answer to her request {waiting[0][:8]} was not fetched yet, and would go with her",
            "HOME/answers",
            f"hand it over, then `onefold rights run {request.request_id[:8]}`: a request that is named does not wait",
        )


def _end_others(settings: Settings, request_ids: Sequence[str], traces: Traces, actor: str) -> None:
    """Other open requests of the same people, which mean nobody else, end with their erasure, and the values in them go."""
    hers = {hashed for _, hashed in traces.suppressions(load_key(settings))}
    with connect_state(settings, read_only=True) as con:
        likely = [
            each
            for each in requests.listed(con)
            if each.request_id not in request_ids
            and each.status in requests.OPEN
            and each.kind != "erase"
            and not hers.isdisjoint(hashed for _, hashed in each.identities)
        ]
    records = set(traces.record_keys)
    ended = [each.request_id for each in likely if set(people.found_by(settings, each).seeds) <= records]
    with connect_state(settings) as con:
        for request_id in ended:
            requests.set_status(con, request_id, "completed", actor=actor, outcome="its person is erased")
