"""The ledger of requests as it travels outside backups: in the list of erasures, a line for each request, sealed with a key of the home's key.

A restored state is older than this list: requests that were taken, decided or carried out since, their corrections, lists of people to leave out, and
who was let in again are in force again before anything is read. Refusals have lines of their own (`refusals`), erasures are carried out again.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
from cryptography.fernet import Fernet, InvalidToken

from cdp_assets.keys import hmac_of, load_key
from cdp_assets.rights import journal, requests
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.tables import TEXT_GONE
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier
from cdp_assets.state import connect_state
from cdp_assets.wording import counted

READMITTED = "readmitted"
# Of each request, whole rows; what refuses or erases somebody stands in the list by itself.
TABLES = (
    "rights_requests",
    "rights_identities",
    "rights_holds",
    "rights_wishes",
    "rights_confirmations",
    "rights_corrections",
    "rights_events",
)


def enter(settings: Settings) -> None:
    """Bring the list in line with state; a line that says so already stays. Expects the home's lock."""
    if not settings.state_path.exists():
        return
    before = _lines(settings)
    with connect_state(settings, read_only=True) as con:
        now = _contents(con)
    changed = {
        request_id: content for request_id, content in now.items() if before.get(request_id) != content
    }
    if changed:
        seal = _seal(settings)
        sealed = {name: seal.encrypt(json.dumps(each).encode()).decode() for name, each in changed.items()}
        journal.enter_requests(settings, sealed)


def enter_left_out(settings: Settings, rows: Sequence[tuple[str, str]]) -> None:
    """Append a list of people to leave out: (type, keyed hash)."""
    journal.append(settings, {"left_out": [list(each) for each in rows]})


def bring_back(settings: Settings) -> list[str]:
    """Put into state what it lacks or knows in an older form: a backup from before was restored; in words. Before erasures are done again."""
    if not settings.state_path.exists():
        return []
    lines, left_out = _lines(settings), journal.read_left_out(settings)
    gone = {key for entry in journal.read_manifest(settings) for key in entry["record_keys"]}
    with connect_state(settings, read_only=True) as con:
        known = _contents(con) if lines else {}
        newer = {name: content for name, content in lines.items() if _is_newer(content, known.get(name))}
        is_left_out = _holds_all(con, left_out)
    if not newer and is_left_out:
        return []
    with connect_state(settings) as con:
        con.begin()
        for request_id, content in newer.items():
            _put(con, request_id, content, gone)
        con.execute(
            "insert or ignore into suppressions select unnest(?::varchar[]), unnest(?::varchar[]), now()::timestamp",
            [[kind for kind, _ in left_out], [hashed for _, hashed in left_out]],
        )
        con.commit()
    said = (
        [f"{counted(len(newer), 'requests')} newer than what was restored: in the ledger again"]
        if newer
        else []
    )
    return (
        said
        if is_left_out
        else [*said, "lists of people to leave out, newer than what was restored: in force again"]
    )


def let_in_again(settings: Settings) -> list[str]:
    """Lift what was lifted since what was restored, unless she was erased again later; in words. After erasures were done again."""
    lines = _lines(settings)
    lifted = 0
    with connect_state(settings, read_only=True) as con:
        known = {
            row[0]
            for row in con.execute(
                f"select event_id from rights_events where event = '{READMITTED}'"
            ).fetchall()
        }
    missing = [
        each
        for content in lines.values()
        for each in content["rights_events"]
        if each["event"] == READMITTED and each["event_id"] not in known
    ]
    for each in sorted(missing, key=lambda event: str(event["noted_at"])):
        later = [
            hashed
            for entry in journal.read_manifest(settings)
            if _in_utc(entry["begun_at"]) > datetime.fromisoformat(each["noted_at"])
            for _, hashed in entry["suppressed"]
        ]
        with connect_state(settings) as con:
            con.begin()
            lifted += requests.lift(con, each["request_id"], stays=later)
            _insert(con, "rights_events", [each])
            con.commit()
    return [f"{counted(lifted, 'suppressions')} of people who were let in again: lifted"] if lifted else []


def _in_utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _lines(settings: Settings) -> dict[str, dict[str, Any]]:
    """Request → its rows by table."""
    listed = journal.read_requests(settings)
    if not listed:
        return {}
    seal = _seal(settings)
    try:
        return {name: json.loads(seal.decrypt(sealed.encode())) for name, sealed in listed.items()}
    except InvalidToken:
        raise RequestProblem(
            "requests in the list of erasures were sealed with the key of another home",
            str(journal.manifest_path(settings)),
            "give the list of this home (ONEFOLD_ERASURE_MANIFEST, --erasures), or the key that it had",
        ) from None


def _seal(settings: Settings) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac_of(load_key(settings), b"rights-outside")))


def _contents(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """What state knows of each request: table → rows, as JSON gives them back."""
    found: dict[str, dict[str, Any]] = {}
    for table in TABLES:
        rows = con.execute(f"select request_id, to_json(t) from {table} as t order by all").fetchall()
        for request_id, row in rows:
            if table == TABLES[0]:
                found[request_id] = {each: [] for each in TABLES}
            if request_id in found:  # a restored state has events of requests that were taken after it
                found[request_id][table].append(json.loads(row))
    return found


def _is_newer(line: Mapping[str, Any], state: Mapping[str, Any] | None) -> bool:
    """Whether a line says of a request what state has not heard of yet. Every request goes one way: received, verified, extended, under way, closed."""
    if state is None:
        return True
    (told,), (known,) = line["rights_requests"], state["rights_requests"]
    if json.dumps(line).count(TEXT_GONE) > json.dumps(state).count(TEXT_GONE):
        return True  # somebody who was named in it is erased since
    return any(has > had for has, had in zip(_stage(told), _stage(known), strict=True))


def _stage(row: Mapping[str, Any]) -> tuple[bool, ...]:
    is_closed = row["status"] not in requests.OPEN
    return row["is_verified"], row["is_extended"], is_closed or row["status"] == "in_progress", is_closed


def _put(con: duckdb.DuckDBPyConnection, request_id: str, content: Mapping[str, Any], gone: set[str]) -> None:
    for table in TABLES:
        rows = [
            each
            for each in content[table]
            if each.get("record_key") not in gone and each.get("event") != READMITTED
        ]
        stays = f" and event <> '{READMITTED}'" if table == "rights_events" else ""
        con.execute(f"delete from {table} where request_id = ?{stays}", [request_id])
        _insert(con, table, rows)
    con.execute(  # the later of two corrections of the same stands
        "update rights_corrections as c set status = 'superseded', ended_at = later.corrected_at from rights_corrections as later "
        "where later.request_id = $id and later.status = 'standing' and c.status = 'standing' and c.request_id <> $id "
        "and c.record_key = later.record_key and c.attribute = later.attribute and c.corrected_at <= later.corrected_at",
        {"id": request_id},
    )


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        names = ", ".join(identifier(name) for name in row)
        holes = ", ".join("?" for _ in row)
        con.execute(f"insert into {table} ({names}) values ({holes})", list(row.values()))


def _holds_all(con: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str, str]]) -> bool:
    if not rows:
        return True
    ((missing,),) = con.execute(
        "select count(*) from (select unnest(?::varchar[]) as identifier_pseudonym) anti join suppressions using (identifier_pseudonym)",
        [[hashed for _, hashed in rows]],
    ).fetchall()
    return not missing
