"""The ledger of requests in state: who asked is kept as keyed hashes only; when it is due, what holds it, what became of it.

What a request does to the data is others' part (`erasure`, `access`); what a request says of a person is never kept in clear.
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import duckdb

from cdp_assets.landing.suppression import identifiers
from cdp_assets.rights import deadlines, wishes
from cdp_assets.rights.problems import RequestProblem as RequestProblem
from cdp_assets.rights.wishes import NO_WISH, Wish

KINDS = ("erase", "access", "correct", "restrict", "object", "opt-out", "lift")
JURISDICTIONS = ("gdpr", "uk_gdpr", "ccpa", "pipl", "other")
OPEN = ("received", "waiting", "in_progress")
# What the request becomes in OpenDSR's words.
OPENDSR_STATUS = {
    "received": "pending", "waiting": "pending", "in_progress": "in_progress", "completed": "completed",
    "refused": "cancelled", "cancelled": "cancelled",
}  # fmt: skip
ONE_DAY = timedelta(days=1)  # it may be tomorrow already where somebody asks
IDENTITY_TYPES = ("email", "phone", "customer_id", "record", "loyalty_id", "platform_id", "national_id")
UNREAD, TYPE_NAME = (
    "not_read",
    r"[a-z][a-z_]{0,39}",
)  # identities that are left out: the event, and what is a type's name
NEEDS_NO_VERIFICATION = ("opt-out", "object")  # 11 CCR 7026(d): an opt-out is not to be verified


@dataclass(frozen=True)
class Identity:
    """One thing that a request says of its person. value: in clear, only while the request is taken."""

    identity_type: str
    value: str


@dataclass(frozen=True)
class Hold:
    """A table, or one column of it, that must stay for a time: a tax record outlives the person's wish."""

    table_name: str
    column_name: str | None
    reason: str
    until_date: date | None = None


@dataclass(frozen=True)
class Request:
    """A request as the ledger has it. Grain of a list: one per request."""

    request_id: str
    kind: str
    jurisdiction: str
    legal_basis: str | None
    received_at: datetime
    due_date: date
    is_extended: bool
    is_verified: bool
    status: str
    outcome: str | None
    closed_at: datetime | None
    identities: tuple[tuple[str, str], ...] = ()  # (type, keyed hash)
    holds: tuple[Hold, ...] = ()

    def is_overdue(self, today: date) -> bool:
        return self.status in OPEN and today > self.due_date


@dataclass(frozen=True)
class NewRequest:
    """What is asked for, before it is in the ledger."""

    kind: str
    identities: Sequence[Identity]
    jurisdiction: str = "gdpr"
    legal_basis: str | None = None
    received_at: datetime = field(default_factory=datetime.now)
    received_on: date | None = None  # the day where the business is; else that of received_at
    is_verified: bool = False
    request_id: str | None = None
    region: str | None = None  # ISO 3166, of numbers without a country code
    holds: Sequence[Hold] = ()
    wish: Wish = NO_WISH
    hashed: Sequence[tuple[str, str]] = ()  # identities that were hashed where they were given
    unknown_types: Sequence[str] = ()  # of identities that it gives, and that nobody is known by here


def take(con: duckdb.DuckDBPyConnection, key: bytes, new: NewRequest, *, actor: str) -> Request:
    """Enter a request; returns it. The same id again, or nobody named, raises RequestProblem."""
    con.begin()
    try:
        taken = _enter(con, key, new, actor=actor)
    except BaseException:
        con.rollback()
        raise
    con.commit()
    return taken


def _enter(con: duckdb.DuckDBPyConnection, key: bytes, new: NewRequest, *, actor: str) -> Request:
    _check(new)
    by_identity = [(each, hashes_of(key, each, new.region)) for each in new.identities]
    hashed = [*new.hashed, *(pair for _, pairs in by_identity for pair in pairs)]
    unread = _by_type([*new.unknown_types, *(each.identity_type for each, pairs in by_identity if not pairs)])
    if not hashed:
        raise RequestProblem(
            f"no identity of the request can be read: {unread}",
            f"{len(new.identities) + len(new.unknown_types)} given",
            "give an e-mail address, a number with its country code (or --region), a customer id or channel/record",
        )
    request_id = new.request_id or str(uuid.uuid4())
    if con.execute("select count(*) from rights_requests where request_id = ?", [request_id]).fetchall()[0][
        0
    ]:
        raise RequestProblem(
            f"request {request_id} is in the ledger already",
            "an id is taken once",
            "see `onefold rights show`",
        )
    received = new.received_at
    con.execute(
        "insert into rights_requests values (?, ?, ?, ?, ?, ?, false, ?, 'received', null, null)",
        [request_id, new.kind, new.jurisdiction, new.legal_basis, received,
         deadlines.due_date(new.kind, new.jurisdiction, new.received_on or received.date()), new.is_verified or new.kind in NEEDS_NO_VERIFICATION],
    )  # fmt: skip
    con.executemany(
        "insert into rights_identities values (?, ?, ?)", [[request_id, *pair] for pair in hashed]
    )
    for hold in new.holds:
        add_hold(con, request_id, hold)
    wishes.enter(con, key, request_id, new.wish)
    note(con, request_id, "received", actor, None)
    if unread:
        note(con, request_id, UNREAD, actor, unread)
    return find(con, request_id)


def _by_type(types: Sequence[str]) -> str:
    """Identities that cannot be used, counted by type; what does not look like the name of a type is not repeated."""
    named = Counter(each if re.fullmatch(TYPE_NAME, each) else "of no readable type" for each in types)
    return ", ".join(f"{name} ({count})" for name, count in sorted(named.items()))


def take_all(
    con: duckdb.DuckDBPyConnection, key: bytes, several: Sequence[NewRequest], *, actor: str
) -> list[Request]:
    """Enter many requests, all or none."""
    taken: list[Request] = []
    con.begin()
    for number, new in enumerate(several, 1):
        try:
            taken.append(_enter(con, key, new, actor=actor))
        except RequestProblem as problem:
            con.rollback()
            raise RequestProblem(
                str(problem).split("\n")[0], f"request {number}", "mend the file, then import it again"
            ) from None
        except BaseException:
            con.rollback()
            raise
    con.commit()
    return taken


# Other requests of the same person are known by an id that a channel gave her; what a request of somebody else suppresses, too, stays.
_LIFTED = """
    with hers as (
        select $id as request_id
        union
        select other.request_id from rights_suppressed as mine
        inner join suppressions on suppressions.identifier_pseudonym = mine.identifier_pseudonym and identifier_type in ('id', 'record')
        inner join rights_suppressed as other on other.identifier_pseudonym = mine.identifier_pseudonym
        where mine.request_id = $id
    )
    select distinct identifier_pseudonym from suppressions
    semi join (select identifier_pseudonym from rights_suppressed semi join hers using (request_id)) using (identifier_pseudonym)
    where identifier_type <> 'order' and identifier_pseudonym not in (
        select identifier_pseudonym from rights_suppressed anti join hers using (request_id)
    )
"""


def readmit(con: duckdb.DuckDBPyConnection, request_id: str, *, actor: str, evidence: str) -> int:
    """Lift what a request suppressed, because she asked to be known again; her former orders stay without her. Returns how many."""
    if not evidence.strip():
        raise RequestProblem("no evidence is given", request_id, "name the consent: where, when, which text")
    con.begin()
    count = lift(con, request_id)
    note(con, request_id, "readmitted", actor, evidence)
    con.commit()
    return count


def lift(con: duckdb.DuckDBPyConnection, request_id: str, stays: Sequence[str] = ()) -> int:
    """Lift what a request suppressed, but for hashes that stay; how many."""
    lifted = {hashed for (hashed,) in con.execute(_LIFTED, {"id": request_id}).fetchall()} - set(stays)
    con.execute(
        "delete from suppressions where identifier_pseudonym in (select unnest($lifted::varchar[]))",
        {"lifted": sorted(lifted)},
    )
    return len(lifted)


def suppress_hashes(
    con: duckdb.DuckDBPyConnection, key: bytes, digests: Sequence[str], normalisation: str
) -> list[tuple[str, str]]:
    """Take in a list of plain SHA-256 hashes of a stated normalisation; returns (type, keyed hash) of each.

    Raises RequestProblem for another normalisation, or for what is no hash.
    """
    if normalisation not in identifiers.NORMALISATIONS or not digests:
        raise RequestProblem(
            "the list is empty"
            if normalisation in identifiers.NORMALISATIONS
            else f"the normalisation {normalisation!r} is not known",
            "the list",
            f"give SHA-256 hashes, one a line, and how what they were made of was written: {', '.join(identifiers.NORMALISATIONS)}",
        )
    rows = []
    for number, digest in enumerate(digests, 1):
        try:
            rows.append((f"sha256_{normalisation}", identifiers.of_sha256(key, digest, normalisation)[0]))
        except ValueError as error:
            raise RequestProblem(
                str(error),
                f"hash {number} of the list",
                f"normalisations: {', '.join(identifiers.NORMALISATIONS)}",
            ) from None
    con.execute(
        "insert or ignore into suppressions select unnest(?::varchar[]), unnest(?::varchar[]), now()::timestamp",
        [[kind for kind, _ in rows], [hashed for _, hashed in rows]],
    )
    return rows


def hashes_of(key: bytes, identity: Identity, region: str | None = None) -> list[tuple[str, str]]:
    """(type, keyed hash) of one identity, in every form by which it is found; none where it cannot be read."""
    kind, value = identity.identity_type, identity.value.strip()
    if kind == "email":
        return [("email", each) for each in identifiers.of_email(key, value)]
    if kind == "phone":
        return [("phone", each) for each in identifiers.of_phone(key, value, region)]
    if kind == "record":
        channel, slash, source_id = value.partition("/")
        return (
            [("record", identifiers.of_source_id(key, channel, source_id)[0])] if slash and source_id else []
        )
    if kind in ("loyalty_id", "platform_id", "national_id", "customer_id"):
        return [(kind, identifiers.of_cell(key, value)[0])] if value else []
    return []


def find(con: duckdb.DuckDBPyConnection, request_id: str) -> Request:
    """A request by its id or the beginning of it. Raises RequestProblem where none or several answer."""
    rows = con.execute(
        "select request_id from rights_requests where request_id = $id or $id <> '' and starts_with(request_id, $id) "
        "qualify request_id = $id or not bool_or(request_id = $id) over ()",
        {"id": request_id},
    ).fetchall()
    if len(rows) != 1:
        raise RequestProblem(
            f"{len(rows)} requests begin with {request_id!r}"
            if rows
            else f"no request begins with {request_id!r}",
            "the ledger in state",
            "see `onefold rights list --all`",
        )
    return listed(con, rows[0][0])[0]


def listed(con: duckdb.DuckDBPyConnection, request_id: str | None = None) -> list[Request]:
    """Requests, the most urgent first."""
    rows = con.execute(
        "select * from rights_requests where $id is null or request_id = $id order by due_date, received_at, request_id",
        {"id": request_id},
    ).fetchall()
    identities: dict[str, list[tuple[str, str]]] = {}
    for owner, kind, hashed in con.execute("select * from rights_identities order by all").fetchall():
        identities.setdefault(owner, []).append((kind, hashed))
    holds: dict[str, list[Hold]] = {}
    for owner, *hold in con.execute("select * from rights_holds order by all").fetchall():
        holds.setdefault(owner, []).append(Hold(*hold))
    return [
        replace(
            Request(*row), identities=tuple(identities.get(row[0], ())), holds=tuple(holds.get(row[0], ()))
        )
        for row in rows
    ]


def overdue(con: duckdb.DuckDBPyConnection, today: date) -> list[Request]:
    """Open requests past their day."""
    return [request for request in listed(con) if request.is_overdue(today)]


def set_status(
    con: duckdb.DuckDBPyConnection, request_id: str, status: str, *, actor: str, outcome: str | None = None
) -> None:
    """Change a request's status; a closed one stays closed."""
    is_closed = status not in OPEN
    if is_closed:
        wishes.forget(con, [request_id])
    con.execute(
        "update rights_requests set status = ?, outcome = ?, closed_at = case when ? then now()::timestamp end "
        "where request_id = ? and (status in ('received', 'waiting', 'in_progress') or status = ?)",
        [status, outcome, is_closed, request_id, status],
    )
    note(con, request_id, status, actor, outcome)


def decide(con: duckdb.DuckDBPyConnection, request_id: str, status: str, *, actor: str, reason: str) -> None:
    """Refuse, cancel or close an open request by somebody's word. Raises RequestProblem for a closed one, and while an erasure is under way."""
    request = _open(con, request_id)
    if request.status == "in_progress":
        raise RequestProblem(
            "the request is under way, and cannot be stopped",
            request.request_id,
            "it is closed with its certificate: `onefold rights show` says what it waits for",
        )
    set_status(con, request.request_id, status, actor=actor, outcome=reason)


def _open(con: duckdb.DuckDBPyConnection, request_id: str) -> Request:
    request = find(con, request_id)
    if request.status not in OPEN:
        raise RequestProblem(f"the request is {request.status}", request.request_id, "take a new one")
    return request


def extend(
    con: duckdb.DuckDBPyConnection,
    request_id: str,
    *,
    actor: str,
    reason: str,
    on: date,
    received_on: Callable[[datetime], date] = datetime.date,
) -> Request:
    """Extend the time of an open request, once, with the reason that the person is told, which is lawful only before the time is over.

    on: the day when it was decided; received_on: from a time in the ledger to the day where the business is.
    """
    request = _open(con, request_id)
    if request.is_extended:
        raise RequestProblem(
            "the request was extended already", request.request_id, "carry it out, or refuse it"
        )
    until = deadlines.extended_date(request.kind, request.jurisdiction, received_on(request.received_at))
    if on > request.due_date:
        raise RequestProblem(
            f"its time was over on {request.due_date}",
            request.request_id,
            "carry it out at once, or refuse it: an extension is told within the time (GDPR 12(3))",
        )
    con.execute(
        "update rights_requests set due_date = ?, is_extended = true where request_id = ?",
        [until, request.request_id],
    )
    note(con, request.request_id, "extended", actor, reason)
    return find(con, request.request_id)


def verify_person(con: duckdb.DuckDBPyConnection, request_id: str, *, actor: str, how: str) -> None:
    """Note that somebody made sure that the request comes from its person."""
    con.execute("update rights_requests set is_verified = true where request_id = ?", [request_id])
    note(con, request_id, "verified", actor, how)


def add_hold(con: duckdb.DuckDBPyConnection, request_id: str, hold: Hold) -> None:
    con.execute(
        "insert into rights_holds values (?, ?, ?, ?, ?)",
        [request_id, hold.table_name, hold.column_name, hold.reason, hold.until_date],
    )


def read_hold(text: str) -> Hold:
    """A hold as people write it: CHANNEL.EXPORT or CHANNEL.EXPORT.COLUMN, " until DATE" if it ends, a colon, and the reason."""
    place, colon, reason = text.partition(":")
    place, _, until = place.partition(" until ")
    parts = place.strip().split(".")
    try:
        until_date = date.fromisoformat(until.strip()) if until.strip() else None
    except ValueError:
        parts = []
    if not colon or not reason.strip() or len(parts) not in (2, 3):
        raise RequestProblem(
            "a hold cannot be read, or gives no reason",
            "--hold",
            "such as --hold 'shopify.orders.billing_name until 2031-12-31: tax record'",
        )
    return Hold(".".join(parts[:2]), parts[2] if len(parts) > 2 else None, reason.strip(), until_date)


def history(con: duckdb.DuckDBPyConnection, request_id: str) -> list[tuple[datetime, str, str, str | None]]:
    """(when, what, who, detail) of a request, oldest first."""
    rows = con.execute(
        "select noted_at, event, actor, detail from rights_events where request_id = ? order by noted_at, event_id",
        [request_id],
    ).fetchall()
    return [(at, event, actor, detail) for at, event, actor, detail in rows]


def unread(con: duckdb.DuckDBPyConnection, request_ids: Sequence[str]) -> dict[str, str]:
    """Request → its identities that were left out, counted by type; requests of which all was read are not in it."""
    rows = con.execute(
        "select request_id, detail from rights_events where event = ? and request_id in (select unnest(?::varchar[])) order by event_id",
        [UNREAD, list(request_ids)],
    ).fetchall()
    return dict(rows)


def note(con: duckdb.DuckDBPyConnection, request_id: str, event: str, actor: str, detail: str | None) -> None:
    """Enter one event of a request: what happened, by whom; a detail never holds a value."""
    con.execute(
        "insert into rights_events values (?, ?, now()::timestamp, ?, ?, ?)",
        [f"{datetime.now(UTC):%Y%m%d%H%M%S%f}-{secrets.token_hex(4)}", request_id, event, actor, detail],
    )


def _check(new: NewRequest) -> None:
    came_on = new.received_on or new.received_at.date()
    wrong = [
        (new.kind not in KINDS, f"the kind {new.kind!r} is not known", f"one of {', '.join(KINDS)}"),
        (new.jurisdiction not in JURISDICTIONS, f"the jurisdiction {new.jurisdiction!r} is not known", f"one of {', '.join(JURISDICTIONS)}"),
        (not new.identities and not new.hashed and not new.unknown_types, "the request names nobody", "give an e-mail address, a number, a customer id or channel/record"),
        (new.received_at > datetime.now(UTC).replace(tzinfo=None) + ONE_DAY, "it is received on a day that is to come", "give the day on which it came"),
        *(
            (each.until_date is not None and each.until_date < came_on, "a hold ends before the request came", "give a later day, or no hold")
            for each in new.holds
        ),
        *(
            (each.identity_type not in IDENTITY_TYPES, f"the identity type {each.identity_type!r} is not known", f"one of {', '.join(IDENTITY_TYPES)}")
            for each in new.identities
        ),
    ]  # fmt: skip
    for is_wrong, found, remedy in wrong:
        if is_wrong:
            raise RequestProblem(found, "the request", remedy)
    wishes.check(new.kind, new.wish)
