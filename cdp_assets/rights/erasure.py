"""An erasure, step by step: begun in a journal, done store by store, looked over by other code, certified. Killed anywhere, it goes on.

Every step may be done again. State is written again last: until then it says whom files must not bring back. Expects the home's lock.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cdp_assets import audit
from cdp_assets.keys import load_key
from cdp_assets.landing.contract import load_contracts
from cdp_assets.landing.files import hash_file
from cdp_assets.landing.suppressing.matching import Suppressed
from cdp_assets.rights import certificate, files, generations, journal, landed, requests, tables
from cdp_assets.rights.journal import Journal
from cdp_assets.rights.scanning import scan
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
# Of a home, what `others` leaves alone: stores with steps of their own, and the room's own folder.
OWN_STEPS = ("landing/", "published/", "audit/", "rights/", "key", "run.lock", "inbox/")
CHANGES_BY_ITSELF = ("rights/", "run.lock", "audit/")


def begin(
    settings: Settings,
    request_ids: Sequence[str],
    traces: Traces,
    *,
    actor: str,
    rewrites_inbox: bool = False,
    keeps_older: bool = True,
) -> Journal:
    """Open the journal of an erasure: from now on it ends, whatever happens. Nothing of the home is changed yet."""
    key = load_key(settings)
    suppressed = traces.suppressions(key)
    begun = Journal(
        erasure_id=f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}",
        request_ids=list(request_ids),
        actor=actor,
        begun_at=datetime.now(UTC).isoformat(timespec="seconds"),
        traces=traces,
        suppressed=suppressed,
        rewrites_inbox=rewrites_inbox,
        keeps_older=keeps_older,
        before=certificate.hashes_of(settings.home, CHANGES_BY_ITSELF),
    )
    begun.loads = _loads_holding(settings, suppressed)
    journal.write(settings, begun)
    return begun


def _loads_holding(settings: Settings, suppressed: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    contracts = load_contracts(*settings.contract_dirs)
    people = Suppressed(sorted({each for _, each in suppressed}), frozenset(kind for kind, _ in suppressed))
    found = landed.holding_loads(settings, contracts, people)
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
        begun.done[name] = step(settings, begun, reached)
        journal.write(settings, begun)
        reached(name)
    document = _prove(settings, begun)
    reached("proof")
    if document["status"] == "final":
        journal.remove(settings, begun.erasure_id)
    return document


def resume(settings: Settings, reached: Reached = lambda _: None) -> list[str]:
    """End what a killed erasure began, and erase again whom a restored backup brought back; what was done, in words."""
    said = []
    for each in journal.open_journals(settings):
        if "state" in each.done:  # all is done but what waits for others: is it there?
            if waiting_for(settings, each):
                continue
            for step in ("others", "state"):
                del each.done[step]
        document = carry_out(settings, each, reached)
        said.append(f"erasure {each.erasure_id} was under way: it is {document['status']} now")
    for entry in unknown_erasures(settings):
        again = _from_manifest(settings, entry)
        document = carry_out(settings, again, reached)
        said.append(
            f"erasure {again.erasure_id} is newer than what was restored: done again, {document['status']}"
        )
    return said


def unknown_erasures(settings: Settings) -> list[dict[str, Any]]:
    """Entries of the manifest that state has never heard of: a backup from before them was restored."""
    entries = journal.read_manifest(settings)
    if not entries or not settings.state_path.exists():
        return []
    with connect_state(settings, read_only=True) as con:
        known = {row[0] for row in con.execute("select erasure_id from rights_erasures").fetchall()}
    under_way = {each.erasure_id for each in journal.open_journals(settings)}
    return [entry for entry in entries if entry["erasure_id"] not in known | under_way]


def _from_manifest(settings: Settings, entry: dict[str, Any]) -> Journal:
    suppressed = [(kind, hashed) for kind, hashed in entry["suppressed"]]
    again = Journal(
        erasure_id=entry["erasure_id"],
        request_ids=entry["request_ids"],
        actor="restore",
        begun_at=entry["begun_at"],
        traces=Traces(
            record_keys=entry["record_keys"], customer_ids=entry["customer_ids"], node_keys=entry["node_keys"],
            contact_keys=entry["contact_keys"],
            platform_key_ids=entry.get("platform_key_ids", []), orders=[(channel, order) for channel, order in entry["orders"]],
        ),
        suppressed=suppressed,
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
        con.executemany(
            "insert or ignore into suppressions values (?, ?, now()::timestamp)",
            [list(pair) for pair in begun.suppressed],
        )
        for request_id in begun.request_ids:
            con.executemany(
                "insert or ignore into rights_suppressed values (?, ?)",
                [[request_id, hashed] for _, hashed in begun.suppressed],
            )
        if begun.traces.orders:
            con.executemany(
                "insert or ignore into erased_orders values (?, ?)",
                [list(pair) for pair in begun.traces.orders],
            )
        con.execute(
            "insert or ignore into rights_erasures values (?, ?, ?::timestamptz::timestamp, null, 'begun', null)",
            [begun.erasure_id, begun.request_ids, begun.begun_at],
        )
        for request_id in begun.request_ids:
            requests.set_status(con, request_id, "in_progress", actor=begun.actor)
        con.commit()
    return {"hashes": len(begun.suppressed), "orders": len(begun.traces.orders)}


def _erase_landed(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    for leftover in settings.landing_dir.glob("_work-*"):
        shutil.rmtree(leftover)
    loads = {_pair(name): ids for name, ids in begun.loads.items()}
    done = landed.erase_landed(
        settings, load_contracts(*settings.contract_dirs), loads, f"erasure {begun.erasure_id}"
    )
    return asdict(done)


def _pair(name: str) -> tuple[str, str]:
    channel, _, export = name.partition(".")
    return channel, export


def _erase_inbox(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    found = landed.in_inbox(settings, {_pair(name): ids for name, ids in begun.loads.items()})
    rewritten = landed.rewrite_inbox(settings, found) if begun.rewrites_inbox else 0
    return {"files": len(found), "rewritten": rewritten}


def _erase_generations(settings: Settings, begun: Journal, reached: Reached) -> dict[str, Any]:
    key = load_key(settings)
    return asdict(
        generations.rewrite_all(settings, begun.traces, key, keep_older=begun.keeps_older, reached=reached)
    )


def _erase_warehouse(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    for leftover in settings.home.glob("warehouse.damaged.duckdb*"):
        leftover.unlink()
    for spill in settings.home.glob("*.duckdb.tmp"):
        shutil.rmtree(spill, ignore_errors=True)
    if not settings.warehouse_path.exists():
        return {}
    key, limits = load_key(settings), settings.duckdb_limits
    return asdict(tables.rewrite_in_place(settings.warehouse_path, begun.traces, key, limits=limits))


def _erase_others(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    """Logs, run records, Dagster's store, compiled SQL, the site's store, inboxes of decisions: whatever else lies in the home."""
    literals = begun.traces.literals()
    if not literals:
        return {}
    finder = files.Finder(literals)
    keeps_files = bool(
        _at_platforms(settings, begun)
    )  # a removal that no platform has taken yet must stay to be taken
    cut: dict[str, int] = {}
    for path in other_files(settings):
        name = path.relative_to(settings.home).as_posix()
        count = 0 if keeps_files and name.startswith("activation/") else files.rows_in(path, finder)
        if not count:
            continue
        if name.split("/")[0].endswith("_inbox"):
            path.unlink()  # a decision about her: the records that it names are gone
        else:
            files.cut_file(path, finder)
        cut[name] = count
    return {"removed": cut}


def other_files(settings: Settings) -> list[Path]:
    """Files of the home that no other step looks after."""
    return [
        path
        for path in sorted(settings.home.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and not path.relative_to(settings.home).as_posix().startswith(OWN_STEPS)
        and path not in (settings.state_path, settings.warehouse_path)
        and path.suffix != ".wal"
    ]


def _erase_audit(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    """Entries about her go; the chain stays, and one entry says which numbers are gone."""
    subjects = [*begun.traces.record_keys, *begun.traces.customer_ids]
    if not subjects:
        return {"entries": 0}
    return {"entries": audit.forget(settings, subjects, actor=begun.actor)}


def _erase_state(settings: Settings, begun: Journal, _: Reached) -> dict[str, Any]:
    key = load_key(settings)
    fresh = settings.state_path.with_name(settings.state_path.name + tables.ERASING)
    tables.merge_log(settings.state_path)
    counted = tables.write_again(settings.state_path, fresh, begun.traces, key, keeps_constraints=True)
    tables.put_in_place(fresh, settings.state_path)
    return asdict(counted)


def waiting_for(settings: Settings, begun: Journal) -> list[str]:
    """What others must still do before the certificate is final: owners of delivered files, platforms."""
    left = landed.in_inbox(settings, {_pair(name): ids for name, ids in begun.loads.items()})
    return [
        *(
            f"{path.relative_to(settings.inbox_dir)} still holds her in the inbox: its owner removes it, or --rewrite-inbox"
            for path, _ in left
        ),
        *_at_platforms(settings, begun),
    ]


def _at_platforms(settings: Settings, begun: Journal) -> list[str]:
    """Destinations that may still hold a key of hers."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select destination, count(distinct key_id) from activation_entries inner join activation_lists using (list_id) "
            "where key_id::varchar in (select unnest(?::varchar[])) group by all order by all",
            [begun.traces.platform_key_ids],
        ).fetchall()
    return [
        f"{destination}: {count} keys of hers are not acknowledged as removed: upload the next removal file and take its answer in"
        for destination, count in rows
    ]


def _prove(settings: Settings, begun: Journal) -> dict[str, Any]:
    """Scan, certify, close the requests."""
    key = load_key(settings)
    looked = scan(
        settings.home, begun.traces.literals(), leave_out=[settings.home / "rights", settings.home / "key"]
    )
    waiting = waiting_for(settings, begun)
    document = certificate.write_certificate(
        settings, key, begun, looked, certificate.hashes_of(settings.home, CHANGES_BY_ITSELF),
        waiting=waiting, disclosed=_disclosed(settings, begun),
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


def _disclosed(settings: Settings, begun: Journal) -> list[str]:
    """What no step of this home can reach."""
    said = ["backups made before: they are erased again when they are restored (`onefold restore`)"]
    if not begun.traces.literals():
        said.append("done again from the manifest, which holds no literal: the scan looked for none")
    if begun.done.get("landing", {}).get("dropped_originals"):
        said.append("originals that could not be parsed any more were removed whole")
    return said
