"""Whether a night would build again what readers see already: nothing delivered, nothing decided, the same date, code and settings.

A run that published keeps a digest of all that its tables are made of, taken after its commit. A later run whose inbox holds nothing
new and whose digest is the same lands (its part of the verification, retention and pruning are due every night) and leaves the generation.
What this page does not know of counts as a change: every table of state is part of the digest but those named here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from cdp_assets import warehouse_seal
from cdp_assets.landing.contract import ChannelContract, load_contracts
from cdp_assets.landing.delivery_checks import RULED, waiting_contents
from cdp_assets.landing.inbox import scan_inbox
from cdp_assets.landing.new_files import find_new, read_known
from cdp_assets.publishing.fingerprint import columns_of, fingerprint_of
from cdp_assets.publishing.generations import are_links_whole, current_generation
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier
from cdp_assets.state import connect_state

# Tables of state that say what a run saw or did, and columns that say when: no figure is made of them.
BESIDE = {
    "inbox_seen", "home_events", "generations", "generation_tables", "generation_files", "verification_turns", "damage_found",
    "schema_migrations", "rights_requests", "rights_identities", "rights_holds", "rights_events", "rights_erasures", "rights_suppressed",
    "rights_wishes", "rights_confirmations", "rights_answers", "rights_answer_records",
}  # fmt: skip
LEDGER = "activation_"  # what went out after publishing
CLOCKS = {"run_id", "seen_at", "landed_at"}
# Settings that no table is made of: where things are told and shown, and what lets one run through.
PLACES = ("home", "inbox", "project")  # what lies there counts, not where it lies
NOT_IN_TABLES = (
    "alert_",
    "smtp_",
    "web_",
    "erasure_",
    "answer_",
    "keep_",
    "nightly",
    "strict",
    "threads",
    "memory_limit",
    "group_readable",
)
ONE_RUN_ONLY = ("accept_identity_change", "retrain", "start_over", "accept_expiry", "accept_shrink")
PACKAGE = Path(__file__).resolve().parent.parent
SOURCES = {".py", ".sql", ".yaml", ".yml", ".csv", ".txt", ".json", ".jsonl", ".md"}


def remember_inputs(settings: Settings, record: RunRecord) -> None:
    """Keep in the record of a run that published what its tables are made of, as of now, and since when laws were carried over."""
    as_of_date = date.fromisoformat(str(record.facts()["as_of_date"]))
    built_at = warehouse_seal.whole_since(settings) or datetime.now(UTC).isoformat()
    record.set_facts(inputs=_digest(settings, as_of_date), built_at=built_at)


def unchanged_generation(settings: Settings, newest_landed: Callable[[Settings], date | None]) -> str | None:
    """The current generation, if a run would only build it again; None where anything may differ. Writes nothing.

    `newest_landed` gives the date of a run that is given none.
    """
    name = current_generation(settings)
    if name is None or not are_links_whole(settings) or not settings.warehouse_path.exists():
        return None
    if any(getattr(settings, each) for each in ONE_RUN_ONLY):
        return None
    facts = _facts_of(settings, name)
    if "inputs" not in facts or warehouse_seal.is_past_week(str(facts.get("built_at"))):
        return None
    # what costs least first: the newest date is read from all that landed
    if _is_new_in_inbox(settings, load_contracts(*settings.contract_dirs)):
        return None
    as_of_date = settings.as_of_date or newest_landed(settings)
    if as_of_date is None or as_of_date.isoformat() != facts.get("as_of_date"):
        return None
    return name if _digest(settings, as_of_date) == facts["inputs"] else None


def _facts_of(settings: Settings, generation: str) -> dict[str, object]:
    with connect_state(settings, read_only=True) as con:
        found = con.execute("select run_id from generations where generation = ?", [generation]).fetchall()
    return RunRecord(settings, found[0][0]).facts() if found else {}


def _is_new_in_inbox(settings: Settings, contracts: Mapping[str, ChannelContract]) -> bool:
    """Whether the next landing would record anything: new bytes, another content, a file that waits or waits no longer."""
    scan = scan_inbox(settings, contracts)
    waiting = {(held.channel, held.file_name, held.reason_code) for held in scan.held}
    with connect_state(settings, read_only=True) as con:
        rows = con.execute("select channel, file_name, reason_code from held_files").fetchall()
        judged = waiting_contents(con)
        exports = {
            (contract.name, export.name): read_known(con, contract.name, export.name)
            for contract in contracts.values()
            for export in contract.exports
        }
    for (channel, export), known in exports.items():
        found = find_new(settings, known, scan.of(channel, export))
        waiting |= {(held.channel, held.file_name, held.reason_code) for held in found.held}
        loads = {(channel, each.file.file_name, each.sha256) for each in found.loads}
        if loads - judged or found.duplicates or found.changed:
            return True
    return waiting != {row for row in rows if row[2] not in RULED}


def _digest(settings: Settings, as_of_date: date) -> str:
    chosen = settings.model_dump(mode="json")
    found = {
        "as_of_date": as_of_date.isoformat(),
        "settings": {
            name: value
            for name, value in chosen.items()
            if not name.startswith(NOT_IN_TABLES)
            and name not in (*ONE_RUN_ONLY, *PLACES, "key", "as_of_date")
        },
        "files": _digest_of_files(settings),
        "state": _digests_of_state(settings),
    }
    return hashlib.sha256(json.dumps(found, sort_keys=True, default=str).encode()).hexdigest()


def _digest_of_files(settings: Settings) -> str:
    """Of the code, the contracts, the project and its references, and of decisions that wait to be taken."""
    digest = hashlib.sha256()
    for name, path in _source_files(settings):
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _source_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """(name below its folder, path), in an order that no file system decides."""
    project = settings.project_dir
    folders = [PACKAGE, settings.dbt_project_dir, settings.reference_dir, settings.channels_dir]
    folders += [project / name for name in ("audiences", "destinations", "experiments")]
    folders += sorted(settings.home.glob("*_inbox"))
    for folder in dict.fromkeys(folders):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            place = path.relative_to(folder)
            is_built = {"target", "logs", "__pycache__"} & set(place.parts)
            if path.suffix in SOURCES and not is_built and path.is_file():
                yield f"{folder.name}/{place}", path


def _digests_of_state(settings: Settings) -> dict[str, str]:
    """Fingerprint of each table, without the columns that are clocks."""
    with connect_state(settings, read_only=True) as con:
        database = con.execute("select current_database()").fetchall()[0][0]
        names = con.execute(
            "select table_name from duckdb_tables() where database_name = current_database() order by 1"
        ).fetchall()
        return {
            name: _digest_of_table(con, database, name)
            for (name,) in names
            if name not in BESIDE and not name.startswith(LEDGER)
        }


def _digest_of_table(con: duckdb.DuckDBPyConnection, database: str, name: str) -> str:
    columns = [
        (column, kind) for column, kind in columns_of(con, database, "main", name) if column not in CLOCKS
    ]
    chosen = ", ".join(identifier(column) for column, _ in columns)
    return fingerprint_of(con, f"(select {chosen} from {identifier(name)})", columns)[1]
