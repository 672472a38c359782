"""An erasure, step by step: begun in a journal, done store by store, looked over by other code, certified. Killed anywhere, it goes on.

Every step may be done again. State is written again last: until then it says whom files must not bring back. Expects the home's lock.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from cdp_assets import audit
from cdp_assets.activation import forgetting as activation
from cdp_assets.activation import vault
from cdp_assets.keys import load_key
from cdp_assets.landing import forgetting as landing
from cdp_assets.landing.contract import load_contracts
from cdp_assets.landing.files import hash_file
from cdp_assets.landing.suppression.matches import Suppressed
from cdp_assets.publishing import forgetting as publishing
from cdp_assets.publishing import readers
from cdp_assets.rights import answers, certificate, holds, journal, outside, requests, rooms, stores, tables
from cdp_assets.rights.journal import Journal
from cdp_assets.rights.scanning import scan
from cdp_assets.rights.sought import SoughtPeople
from cdp_assets.rights.traces import Traces
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

Reached = Callable[[str], None]
STEPS = (
    "manifest",
    "suppress",
    "landing",
    "inbox",
    "generations",
    "warehouse",
    "others",
    "audit",
    "state",
    "proof",
)
# Done again for as long as a certificate is interim though nothing is waited for: a platform has answered, or the scan found something.
PROVEN = "interim certificate"  # was written: a start that died before it writes it
AGAIN = ("generations", "warehouse", "others", "state")
# For so many seconds a certificate waits until whoever reads replaced files has opened the new ones; the site's workers do so in one.
READERS_SECONDS = 10.0
# The journal holds her while she must be looked for; the others name nobody.
NOT_SCANNED = (
    "rights/erasing",
    "rights/certificates",
    "rights/erasures.jsonl",
    "rights/public_key",
    "rights/vault_key",
    vault.FILE,
    vault.KEY_FILE,
    "key",
)
CHANGES_BY_ITSELF = (*NOT_SCANNED, "run.lock", "audit/")


def begin(
    settings: Settings,
    request_ids: Sequence[str],
    traces: Traces,
    *,
    actor: str,
    rewrites_inbox: bool = False,
    keeps_older: bool = True,
    by_request: Mapping[str, Traces] | None = None,
    named: Sequence[tuple[str, str]] = (),
) -> Journal:
    """Open the journal of an erasure: from now on it ends, whatever happens. Nothing of the home is changed yet.

    by_request: whose traces are whose, where several people go together; named: keyed hashes of somebody of whom nothing more is known.
    """
    key = load_key(settings)
    suppressed = sorted({*traces.suppressions(key), *named})
    begun = Journal(
        erasure_id=_new_id(datetime.now(UTC)),
        request_ids=list(request_ids),
        actor=actor,
        begun_at=datetime.now(UTC).isoformat(timespec="seconds"),
        traces=traces,
        suppressed=suppressed,
        rewrites_inbox=rewrites_inbox,
        keeps_older=keeps_older,
        before=certificate.hashes_of(settings.home, CHANGES_BY_ITSELF),
        by_request={
            request_id: sorted({hashed for _, hashed in hers.suppressions(key)})
            for request_id, hers in (by_request or {}).items()
        },
    )
    begun.loads = _loads_holding(settings, suppressed)
    begun.holds = _without_her(holds.of_requests(settings, request_ids), _sought(settings, begun))
    journal.write(settings, begun)
    return begun


def _without_her(held: Sequence[journal.Held], sought: SoughtPeople) -> list[journal.Held]:
    """Holds whose reason names nobody: they stand in the list outside the home."""
    return [
        (request, table, column, tables.TEXT_GONE if sought.is_named_in(reason) else reason, until)
        for request, table, column, reason, until in held
    ]


def _loads_holding(settings: Settings, suppressed: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    contracts = load_contracts(*settings.contract_dirs)
    people = Suppressed(sorted({each for _, each in suppressed}), frozenset(kind for kind, _ in suppressed))
    found = landing.holding_loads(settings, contracts, people)
    return {f"{channel}.{export}": sorted(rows) for (channel, export), rows in found.items()}


def carry_out(settings: Settings, begun: Journal, reached: Reached = lambda _: None) -> dict[str, Any]:
    """Do what the journal has not done yet; returns the certificate. `reached` is told each step that is done."""
    steps: dict[str, Callable[[Settings, Journal, Reached], dict[str, Any]]] = {
        "manifest": _enter_in_manifest, "suppress": _suppress, "landing": _erase_landed, "inbox": _erase_inbox,
        "generations": _erase_generations, "warehouse": _erase_warehouse, "others": _erase_others, "audit": _erase_audit,
        "state": _erase_state,
    }  # fmt: skip
    for name, step in steps.items():
        if name in begun.done:
            continue
        begun.note(name, step(settings, begun, reached))
        journal.write(settings, begun)
        reached(name)
    document = _prove(settings, begun)
    reached("proof")
    if document["status"] == "final":
        journal.remove(settings, begun.erasure_id)
    else:
        begun.note(PROVEN, {})
        journal.write(settings, begun)
    return document


def resume(settings: Settings, reached: Reached = lambda _: None) -> list[str]:
    """End what a killed erasure began, and erase again whom a restored backup brought back; what was done, in words."""
    said = []
    journal.sweep(settings)
    for each in journal.open_journals(settings):
        if PROVEN in each.done:  # all is done but what waits for others: is it there?
            _wait_no_longer(settings, each)
            if waiting_for(settings, each):
                continue
            each.do_again((*AGAIN, PROVEN))
        document = carry_out(settings, each, reached)
        said.append(f"erasure {each.erasure_id} was under way: it is {document['status']} now")
    for entry in unknown_erasures(settings):
        again = _from_manifest(settings, entry)
        document = carry_out(settings, again, reached)
        said.append(
            f"erasure {again.erasure_id} is newer than what was restored: done again, {document['status']}"
        )
    return said


def _wait_no_longer(settings: Settings, begun: Journal) -> None:
    """Past their time, platforms that acknowledged nothing are named in the certificate, and what was kept for them goes."""
    last = datetime.fromisoformat(begun.begun_at).date() + timedelta(days=settings.platform_days)
    if datetime.now(UTC).date() <= last:
        return
    if never := activation.give_up(settings, _sought(settings, begun)):
        begun.never_removed = sorted({*begun.never_removed, *never})
        journal.write(settings, begun)


def rewrite_inbox_too(
    settings: Settings, request_ids: Collection[str], reached: Reached = lambda _: None
) -> list[dict[str, Any]]:
    """Go on with erasures of these requests that are under way without leave to cut delivered files, now with it; their certificates."""
    begun = [
        each
        for each in journal.open_journals(settings)
        if not each.rewrites_inbox and not set(request_ids).isdisjoint(each.request_ids)
    ]
    for each in begun:
        each.rewrites_inbox = True
        each.do_again(("inbox", PROVEN))
        journal.write(settings, each)
    return [carry_out(settings, each, reached) for each in begun]


def end_holds(settings: Settings, today: date, reached: Reached = lambda _: None) -> list[str]:
    """Erase what was held for a time that is over, by what the manifest knows of its person; what was done, in words."""
    said = []
    for request_id in holds.ended(settings, today):
        entry = next(
            (each for each in reversed(journal.read_manifest(settings)) if request_id in each["request_ids"]),
            None,
        )
        if entry is None:
            continue
        now = datetime.now(UTC)
        anew = {
            "erasure_id": _new_id(now),
            "begun_at": now.isoformat(timespec="seconds"),
            "request_ids": [request_id],
        }
        again = _from_manifest(settings, entry | anew, actor="a hold's day")
        with connect_state(settings) as con:
            requests.note(con, request_id, holds.ENDED, "onefold", f"erasure {again.erasure_id}")
        document = carry_out(settings, again, reached)
        said.append(
            f"what request {request_id[:8]} held is past its day: erasure {again.erasure_id} is {document['status']}"
        )
    return said


def _new_id(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def unknown_erasures(settings: Settings) -> list[dict[str, Any]]:
    """Entries of the manifest that state has never heard of, or knows as under way without their journal: a backup from before their end was restored."""
    entries = journal.read_manifest(settings)
    if not entries or not settings.state_path.exists():
        return []
    with connect_state(settings, read_only=True) as con:
        known = {
            row[0]
            for row in con.execute("select erasure_id from rights_erasures where status = 'final'").fetchall()
        }
    under_way = {each.erasure_id for each in journal.open_journals(settings)}
    return [entry for entry in entries if entry["erasure_id"] not in known | under_way]


def _from_manifest(settings: Settings, entry: dict[str, Any], actor: str = "restore") -> Journal:
    suppressed = [(kind, hashed) for kind, hashed in entry["suppressed"]]
    again = Journal(
        erasure_id=entry["erasure_id"],
        request_ids=entry["request_ids"],
        actor=actor,
        begun_at=entry["begun_at"],
        traces=Traces(
            record_keys=entry["record_keys"], customer_ids=entry["customer_ids"], node_keys=entry["node_keys"],
            contact_keys=entry["contact_keys"],
            platform_key_ids=entry.get("platform_key_ids", []), orders=[(channel, order) for channel, order in entry["orders"]],
        ),
        suppressed=suppressed,
        by_request=entry.get("by_request", {}),
        holds=[tuple(each) for each in entry.get("holds", [])],
        before=certificate.hashes_of(settings.home, CHANGES_BY_ITSELF),
    )  # fmt: skip
    again.loads = _loads_holding(settings, suppressed)
    journal.write(settings, again)
    return again


def _enter_in_manifest(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    journal.enter_in_manifest(settings, begun)
    return {}


def _suppress(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    """From the next file on she is known; her orders are named as erased; the requests are under way."""
    with connect_state(settings) as con:
        con.begin()
        _enter_suppressed(con, begun)
        con.execute(
            "insert or ignore into rights_erasures values (?, ?, ?::timestamptz::timestamp, null, 'begun', null)",
            [begun.erasure_id, begun.request_ids, begun.begun_at],
        )
        for request_id in begun.request_ids:
            requests.set_status(con, request_id, "in_progress", actor=begun.actor)
        con.commit()
    return {"hashes": len(begun.suppressed), "orders": len(begun.traces.orders)}


def _enter_suppressed(con: duckdb.DuckDBPyConnection, begun: Journal) -> None:
    """Her hashes and her orders, each list in one statement: a thousand people have tens of thousands."""
    con.execute(
        "insert or ignore into suppressions select unnest($kinds::varchar[]), unnest($hashes::varchar[]), now()::timestamp",
        {"kinds": [kind for kind, _ in begun.suppressed], "hashes": [each for _, each in begun.suppressed]},
    )
    for request_id, hashes in begun.of_requests().items():
        con.execute(
            "insert or ignore into rights_suppressed select $request, unnest($hashes::varchar[])",
            {"request": request_id, "hashes": hashes},
        )
    if begun.holds:
        con.executemany(
            "insert into rights_holds select $1, $2, $3, $4, $5::date where not exists "
            "(select 1 from rights_holds where request_id = $1 and table_name = $2 and column_name is not distinct from $3)",
            begun.holds,
        )
    con.execute(
        "insert or ignore into erased_orders select unnest($channels::varchar[]), unnest($orders::varchar[])",
        {
            "channels": [each for each, _ in begun.traces.orders],
            "orders": [each for _, each in begun.traces.orders],
        },
    )


def _erase_landed(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    for leftover in settings.landing_dir.glob("_work-*"):
        shutil.rmtree(leftover)
    loads = {_pair(name): ids for name, ids in begun.loads.items()}
    done = landing.erase(
        settings, load_contracts(*settings.contract_dirs), loads, f"erasure {begun.erasure_id}"
    )
    return asdict(done)


def _pair(name: str) -> tuple[str, str]:
    channel, _, export = name.partition(".")
    return channel, export


def _erase_inbox(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    found = landing.in_inbox(settings, {_pair(name): ids for name, ids in begun.loads.items()})
    if not begun.rewrites_inbox:
        return {"files": len(found), "rewritten": 0}
    rewritten = landing.rewrite_inbox(settings, found) + landing.cut_not_landed(
        settings, _sought(settings, begun)
    )
    return {"files": len(found), "rewritten": rewritten}


def _erase_generations(settings: Settings, begun: Journal, reached: Reached) -> dict[str, Any]:
    return asdict(
        publishing.erase(settings, _sought(settings, begun), keep_older=begun.keeps_older, reached=reached)
    )


def _sought(settings: Settings, begun: Journal) -> SoughtPeople:
    return SoughtPeople(settings, begun.traces, begun.suppressed)


def _erase_warehouse(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    for leftover in settings.home.glob("warehouse.damaged.duckdb*"):
        leftover.unlink()
    for left in (
        *settings.home.glob("*.duckdb.tmp"),
        *(settings.home / name for name in ("state.importing", "spark")),
    ):
        shutil.rmtree(
            left, ignore_errors=True
        )  # spilled, half imported, or built on Spark, by a process that died
    sought = _sought(settings, begun)
    if not settings.warehouse_path.exists() or not sought.is_in_database(settings.warehouse_path):
        return {}
    return asdict(tables.rewrite_in_place(settings.warehouse_path, sought))


def _erase_others(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    """Every other room cuts what it keeps: logs, run records, Dagster's store, files for platforms, the site's store, inboxes of decisions."""
    cut: dict[str, int] = {}
    if gone := answers.erase(settings, begun.traces.record_keys):
        cut[answers.FOLDER] = gone
    if not begun.suppressed:
        return {"removed": cut}
    sought = _sought(settings, begun)
    for room in rooms.others():
        cut |= room.erase(settings, sought)
    return {"removed": cut | stores.erase_rest(settings, sought)}


def _erase_audit(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    """Entries about her go; the chain stays, and one entry says which numbers are gone."""
    subjects, sought = [*begun.traces.record_keys, *begun.traces.customer_ids], _sought(settings, begun)
    return {"entries": audit.forget(settings, subjects, actor=begun.actor, names=sought.is_named_in)}


def _erase_state(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    sought = _sought(settings, begun)
    activation.put_away(settings, sought)
    return asdict(tables.rewrite_in_place(settings.state_path, sought, keeps_constraints=True))


def waiting_for(settings: Settings, begun: Journal, unlanded: landing.NotLanded | None = None) -> list[str]:
    """What others must still do before the certificate is final: owners of delivered files, platforms, readers. unlanded: where it was looked for already."""
    unlanded = unlanded or landing.not_landed(settings, _sought(settings, begun))
    left = landing.in_inbox(settings, {_pair(name): ids for name, ids in begun.loads.items()})
    names = {path.relative_to(settings.inbox_dir).as_posix() for path, _ in left}
    names |= {name for place, name, _, _ in unlanded.holding if place == "inbox"}
    return [
        *(
            f"{name} still holds her in the inbox: its owner removes it, or --rewrite-inbox (texts only)"
            for name in sorted(names)
        ),
        *activation.waiting_for(settings, _sought(settings, begun)),
        *(
            f"process {each} still has a file open that was replaced, and reads her in it: end it, or let it open the file anew"
            for each in readers.still_reading(settings.home)
        ),
    ]


def _let_readers_go(settings: Settings) -> None:
    """Wait for readers of what was replaced, for a while."""
    until = time.monotonic() + READERS_SECONDS
    while readers.still_reading(settings.home) and time.monotonic() < until:
        time.sleep(0.2)


def _prove(settings: Settings, begun: Journal) -> dict[str, Any]:
    """Scan, certify, close the requests."""
    key = load_key(settings)
    outside.enter(settings)  # what was corrected of her goes from the list, too
    _let_readers_go(settings)
    looked = scan(
        settings.home,
        begun.traces.literals(),
        numbers=begun.traces.numbers(),
        leave_out=[settings.home / each for each in NOT_SCANNED],
    )
    unlanded = landing.not_landed(settings, _sought(settings, begun))
    waiting = waiting_for(settings, begun, unlanded)
    held = holds.kept(settings, begun.request_ids, begun.done.get("landing", {}).get("blanked", {}))
    holds.set_apart(settings, looked, held)
    document = certificate.write_certificate(
        settings, key, begun, looked, certificate.hashes_of(settings.home, CHANGES_BY_ITSELF),
        waiting=waiting, disclosed=_disclosed(settings, begun, unlanded), held=held,
    )  # fmt: skip
    path = certificate.certificate_path(settings, begun.erasure_id)
    with connect_state(settings) as con:
        con.begin()
        con.execute(
            "update rights_erasures set status = ?, ended_at = now()::timestamp, certificate_sha256 = ? where erasure_id = ?",
            [document["status"], hash_file(path), begun.erasure_id],
        )
        status = "completed" if document["status"] == "final" else "in_progress"
        for request_id in begun.request_ids:
            requests.set_status(
                con,
                request_id,
                status,
                actor=begun.actor,
                outcome=f"erasure {begun.erasure_id}, {document['status']}",
            )
        con.commit()
    audit.append(settings, begun.actor, "erase", erasure_id=begun.erasure_id, status=document["status"])
    return document


def _disclosed(settings: Settings, begun: Journal, unlanded: landing.NotLanded) -> list[str]:
    """What no step of this home can reach."""
    said = ["backups made before: they are erased again when they are restored (`onefold restore`)"]
    said += [
        f"{name} never acknowledged in {settings.platform_days} days that her keys are removed: ask the platform"
        for name in begun.never_removed
    ]
    if not begun.traces.literals():
        said.append(
            "nothing of hers is known in clear any more: the scan looked for nothing, `onefold rights verify` looks by keyed hashes"
        )
    said += [
        f"{name} cannot be read, so nobody knows whom it names: its owner looks into it or removes it"
        for name in unlanded.unreadable
    ]
    said += [
        f"{name} has {rows} lines that name her {landing.BY_NAME}, which may be somebody else's: its owner looks; landing knows her when it comes in"
        for name, rows in unlanded.likely.items()
    ]
    if begun.done.get("landing", {}).get("dropped_originals"):
        said.append("originals that could not be parsed any more were removed whole")
    return said
