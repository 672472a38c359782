"""The doctor: looks at everything that a run needs and says what to do where something is wrong. Changes nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

import duckdb
from packaging.requirements import Requirement

from cdp_assets import audit
from cdp_assets.errors import safe_text
from cdp_assets.keys import DEMO_MARKER, load_key, pseudonym
from cdp_assets.landing.contract import ContractProblem, contract_paths, load_contract
from cdp_assets.landing.stored import verify_landing
from cdp_assets.project.place import other_version
from cdp_assets.publishing import lock
from cdp_assets.publishing.copies import verify_generations
from cdp_assets.publishing.damage import verify_files
from cdp_assets.publishing.generations import current_generation
from cdp_assets.settings import Settings
from cdp_assets.spark.readiness import require_spark
from cdp_assets.spark.session import SparkProblem
from cdp_assets.state import SCHEMA_DIR, StateLost, connect_state, refuse_lost_state

PYTHONS = ((3, 11), (3, 14))  # from, and before
LEAST_FREE_BYTES = 1 << 30
Level = Literal["well", "note", "ill"]


@dataclass(frozen=True)
class Finding:
    """What the doctor found on one topic. `ill` stops a run or endangers data; a `note` is worth knowing."""

    level: Level
    topic: str
    found: str
    remedy: str = ""


def examine(settings: Settings, *, deep: bool = False) -> list[Finding]:
    """All findings, in the order in which a run would meet them; `deep` reads every stored file."""
    findings = [
        *_versions(),
        *_engine(settings),
        *_project(settings),
        *_disk(settings),
        *_permissions(settings),
        *_contracts(settings),
        *_inbox(settings),
    ]
    if not settings.home.exists():
        return [*findings, *_alerts(settings)]
    try:
        with lock.hold(settings.home):
            findings += [*_state(settings), *_key(settings), *_logs(settings), *_published(settings)]
            findings += _stored(settings) if deep else []
    except lock.HomeLocked as busy:
        findings.append(Finding("note", "lock", f"{busy}; state, key and files were not looked at"))
    else:
        findings.append(Finding("well", "lock", "no run works on this home"))
    return [*findings, *_alerts(settings)]


def _versions() -> Iterator[Finding]:
    if not PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        yield Finding("ill", "versions", f"Python {sys.version.split()[0]}", "Use Python 3.11, 3.12 or 3.13")
    wrong = []
    for line in requires("onefold") or []:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            installed = "none"
        if installed == "none" or not requirement.specifier.contains(installed, prereleases=True):
            wrong.append(f"{requirement.name} {installed} (wanted {requirement.specifier})")
    if wrong:
        yield Finding(
            "ill",
            "versions",
            "; ".join(wrong),
            "Install the locked versions: `make setup`, or the wheel anew",
        )
    else:
        yield Finding(
            "well", "versions", f"Python {sys.version.split()[0]}, duckdb {duckdb.__version__}, all as locked"
        )


def _engine(settings: Settings) -> Iterator[Finding]:
    """Nothing on DuckDB, which is part of the versions."""
    if settings.engine == "duckdb":
        return
    try:
        require_spark(settings)
    except SparkProblem as problem:
        found, where, remedy = problem.parts
        yield Finding("ill", "engine", f"{found} ({where})", remedy)
    else:
        yield Finding("well", "engine", f"Spark at {settings.spark_address}")


def _project(settings: Settings) -> Iterator[Finding]:
    if said := other_version(settings.project_dir):
        yield Finding("note", "project", said, "`onefold upgrade`")
    else:
        yield Finding("well", "project", str(settings.project_dir))


def _disk(settings: Settings) -> Iterator[Finding]:
    """A run writes the warehouse and a generation anew beside those that are there."""
    free = shutil.disk_usage(_existing(settings.home)).free
    name = current_generation(settings)
    current = settings.published_dir / name if name else None
    needed = max(LEAST_FREE_BYTES, 2 * (_size(settings.warehouse_path) + (_size(current) if current else 0)))
    found = f"{free / 1e9:.1f} GB free, a run may need {needed / 1e9:.1f} GB"
    if free < needed:
        yield Finding(
            "ill",
            "disk",
            found,
            f"Free space below {settings.home}, or keep fewer generations (ONEFOLD_KEEP_GENERATIONS)",
        )
    else:
        yield Finding("well", "disk", found)


def _permissions(settings: Settings) -> Iterator[Finding]:
    if not settings.home.exists():
        yield Finding("note", "permissions", f"{settings.home} does not exist yet", "`onefold run` makes it")
        return
    if not os.access(settings.home, os.W_OK | os.X_OK):
        yield Finding(
            "ill",
            "permissions",
            f"{settings.home} cannot be written to by this user",
            "Run as its owner, or chown it",
        )
    allowed = {settings.home: 0o710 if settings.group_readable else 0o700}
    private = [settings.state_path, settings.home / "key", settings.warehouse_path, settings.landing_dir]
    open_to_others = [
        path
        for path in [settings.home, *private]
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077 & ~allowed.get(path, 0o700)
    ]
    # Inside a home that others cannot enter, the modes of its files do not matter.
    if open_to_others and stat.S_IMODE(settings.home.stat().st_mode) & 0o077:
        names = " ".join(str(path) for path in open_to_others)
        yield Finding("ill", "permissions", f"others can read {names}", f"chmod go-rwx {names}")
    else:
        yield Finding("well", "permissions", f"{settings.home} is its owner's")


def _contracts(settings: Settings) -> Iterator[Finding]:
    paths = contract_paths(*settings.contract_dirs)
    for path in paths:
        try:
            load_contract(path)
        except ContractProblem as problem:
            found, where, remedy = problem.parts
            yield Finding("ill", "contracts", f"{found} ({where})", remedy)
    if not paths:
        yield Finding(
            "ill", "contracts", f"none in {settings.channels_dir}", "Draft one: `onefold channel new`"
        )
    else:
        yield Finding("well", "contracts", f"{len(paths)} channels")


def _inbox(settings: Settings) -> Iterator[Finding]:
    if not settings.inbox_dir.is_dir():
        yield Finding(
            "note",
            "inbox",
            f"{settings.inbox_dir} does not exist",
            "Make it, with a folder for each channel, or set ONEFOLD_INBOX",
        )
        return
    unreadable = [path.name for path in settings.inbox_dir.iterdir() if not os.access(path, os.R_OK)]
    if unreadable:
        yield Finding(
            "ill",
            "inbox",
            f"cannot be read: {', '.join(unreadable)}",
            "Let the user who runs Onefold read them",
        )
    else:
        yield Finding("well", "inbox", str(settings.inbox_dir))


def _state(settings: Settings) -> Iterator[Finding]:
    if not settings.state_path.exists():
        try:
            refuse_lost_state(settings)
        except StateLost as lost:
            yield Finding("ill", "state", "state.duckdb is missing from a home that was in use", str(lost))
            return
        yield Finding("note", "state", "no state.duckdb yet", "`onefold run` makes it")
        return
    files = {file.stem for file in SCHEMA_DIR.glob("*.sql")}
    try:
        with connect_state(settings, read_only=True) as con:
            applied = {row[0] for row in con.execute("select version from schema_migrations").fetchall()}
    except duckdb.Error as error:
        yield Finding(
            "ill",
            "state",
            f"state.duckdb cannot be read ({safe_text(error)})",
            "Restore the last backup: `onefold restore`",
        )
        return
    if newer := applied - files:
        yield Finding(
            "ill", "state", f"written by a newer Onefold ({', '.join(sorted(newer))})", "Run that version"
        )
    elif pending := files - applied:
        yield Finding(
            "note",
            "state",
            f"{len(pending)} migrations wait",
            "`onefold backup`, then `onefold run` applies them",
        )
    else:
        yield Finding("well", "state", f"schema {max(applied)}")


def _key(settings: Settings) -> Iterator[Finding]:
    path = settings.home / "key"
    is_demo = (settings.inbox_dir / DEMO_MARKER).exists()
    if not (settings.key or path.exists() or is_demo or settings.state_path.exists()):
        yield Finding("note", "key", "none yet", "`onefold run` makes one: back it up")
        return
    try:
        key = load_key(settings)
        with connect_state(settings, read_only=True) as con:
            row = con.execute("select fingerprint from key_fingerprint").fetchone()
    except duckdb.Error:
        return  # said of state already
    except Exception as error:
        yield Finding("ill", "key", safe_text(error))
        return
    if row and row[0] != pseudonym(key, "fingerprint"):
        yield Finding(
            "ill",
            "key",
            "not the one that this home was made with",
            f"Set the former ONEFOLD_KEY or restore {path}",
        )
    else:
        yield Finding(
            "well", "key", "from ONEFOLD_KEY" if settings.key else "the demo's" if is_demo else str(path)
        )


def _logs(settings: Settings) -> Iterator[Finding]:
    """Write-ahead logs: one beside its file is applied when it is opened, one without its file would spoil the next."""
    logs = [path for path in (settings.state_path, settings.warehouse_path) if _wal(path).exists()]
    orphans = [_wal(path) for path in logs if not path.exists()]
    if orphans:
        names = " ".join(str(path) for path in orphans)
        yield Finding("ill", "write-ahead log", f"{names} without its database", f"rm {names}")
    elif logs:
        names = ", ".join(path.name for path in logs)
        yield Finding(
            "note",
            "write-ahead log",
            f"a run ended early and left one beside {names}",
            "The next run applies it",
        )
    else:
        yield Finding("well", "write-ahead log", "none is left over")


def _published(settings: Settings) -> Iterator[Finding]:
    shown = current_generation(settings)
    if not settings.state_path.exists():
        return
    try:
        with connect_state(settings, read_only=True) as con:
            row = con.execute("select generation from generations where status = 'current'").fetchone()
    except duckdb.Error:
        return  # said of state already
    meant = row[0] if row else None
    if meant is None and shown is None:
        yield Finding("note", "published", "nothing yet", "`onefold run` publishes")
    elif meant != shown or not (settings.published_dir / (shown or "-")).is_dir():
        yield Finding(
            "ill",
            "published",
            f"readers see {shown or 'nothing'}, state means {meant or 'nothing'}",
            "`onefold run` mends it",
        )
    else:
        yield Finding("well", "published", f"readers see {shown}")


def _stored(settings: Settings) -> Iterator[Finding]:
    """Every stored file beside the hashes and fingerprints that state has of it."""
    if not settings.state_path.exists():
        return
    restore = "A run lands damaged files again from their originals; where an original is damaged: `onefold restore`"
    if not _is_readable(settings.state_path):
        yield Finding(
            "ill",
            "stored files",
            f"{settings.state_path.name} is damaged",
            "Restore the last backup: `onefold restore`",
        )
        return
    landed = verify_landing(settings)
    published = [*verify_generations(settings), *verify_files(settings)]
    for line in landed:
        yield Finding("ill", "stored files", line, restore)
    for line in published:
        yield Finding(
            "ill",
            "stored files",
            line,
            "`onefold run` shows readers the generation before and publishes another",
        )
    log = _audit_problems(settings)
    for line in log:
        yield Finding(
            "ill", "stored files", f"audit log: {line}", "Restore HOME/audit from the last copy of it"
        )
    is_built = settings.warehouse_path.exists()
    if is_built and not _is_readable(settings.warehouse_path):
        yield Finding(
            "ill",
            "stored files",
            f"{settings.warehouse_path.name} cannot be read",
            "`onefold run` sets it aside and builds another; if not, delete it",
        )
    elif not landed and not published and not log:
        yield Finding("well", "stored files", "each is what was written")


def _audit_problems(settings: Settings) -> list[str]:
    if not (settings.home / "audit").exists():
        return []
    try:
        return audit.verify(settings).problems
    except (sqlite3.Error, ValueError) as error:
        return [f"its entries cannot be read ({safe_text(error)})"]


def _is_readable(path: Path) -> bool:
    """Whether every block of a database can be read: DuckDB checks each one's checksum."""
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            for schema, table in con.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall():
                name = f'"{schema}"."{table}"'
                con.execute(f"select bit_xor(hash(each)) from {name} as each").fetchall()
    except duckdb.Error:
        return False
    return True


def _alerts(settings: Settings) -> Iterator[Finding]:
    ways = [
        way for way, value in (("webhook", settings.alert_webhook), ("mail", settings.alert_mail)) if value
    ]
    if ways:
        yield Finding("well", "alerts", f"by {' and '.join(ways)}", "Try them: `onefold alert --test`")
    else:
        yield Finding(
            "note",
            "alerts",
            "nobody is told when a run fails",
            "Set ONEFOLD_ALERT_WEBHOOK or ONEFOLD_ALERT_MAIL",
        )


def _wal(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(
            each.stat().st_size for each in path.rglob("*") if each.is_file() and not each.is_symlink()
        )
    return path.stat().st_size if path.exists() else 0
