"""state.duckdb: what must last from run to run, its schema version and its migrations.

Only opening, closing and migrating belong here; each room writes its own tables.
"""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from cdp_assets.engine import HeldForReading, database, is_locked
from cdp_assets.keys import KeyProblem, pseudonym
from cdp_assets.settings import Settings

SCHEMA_DIR = Path(__file__).parent / "state_schema"
# Seconds. A run must not die of somebody's `onefold status`; who only looks is told soon.
PATIENCE_OF_READERS, PATIENCE_OF_WRITERS = 5.0, 60.0


class StateProblem(RuntimeError):
    """state.duckdb cannot be used as it is; the message says what to do."""


class StateInUse(StateProblem):
    """Another process has state.duckdb open, and kept it."""

    may_pass_on_retry = True


class StateLost(StateProblem):
    """The home was in use, and its state is gone: rulings, ids, suppressions and histories with it."""


def refuse_lost_state(settings: Settings) -> None:
    """Raise StateLost where files landed or were published and state.duckdb is missing, unless the run is to start over."""
    if settings.state_path.exists() or settings.start_over:
        return
    found = [name for name, is_there in _traces(settings) if is_there]
    if found:
        raise StateLost(
            f"{settings.state_path} is missing, but {settings.home} was in use ({' and '.join(found)}): customer ids, rulings, "
            "suppressions and histories were in it. Restore the last backup into a new home (`onefold restore DIR --home NEW`). "
            "Only if there is none: `onefold run --start-over` lands everything anew under new ids, and records that it did"
        )


def record_start_over(settings: Settings) -> None:
    """Write down that the state was rebuilt in a home that was in use."""
    found = ", ".join(name for name, is_there in _traces(settings) if is_there) or "nothing"
    with connect_state(settings) as con:
        con.execute(
            "insert into home_events values ('started_over', ?, ?, now()::timestamp)",
            [f"state.duckdb was missing beside: {found}", getpass.getuser()],
        )


def _traces(settings: Settings) -> list[tuple[str, bool]]:
    return [
        ("landed originals", any(settings.originals_dir.glob("*/*"))),
        ("a published generation", (settings.published_dir / "current").is_symlink()),
    ]


@contextmanager
def connect_state(settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to state.duckdb that is always closed: DuckDB allows one writer per file. Nested ones share it."""
    if read_only and not settings.state_path.exists():
        raise StateProblem(f"{settings.state_path} does not exist yet: `onefold run` makes it")
    with ExitStack() as held:
        con = _open_patiently(held, settings.state_path, read_only)
        con.execute("set TimeZone = 'UTC'")
        yield con


def _open_patiently(held: ExitStack, path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the file, or wait for whoever has it open; nobody keeps it for long. Raises StateInUse."""
    give_up = time.monotonic() + (PATIENCE_OF_READERS if read_only else PATIENCE_OF_WRITERS)
    while True:
        try:
            return held.enter_context(database(path, read_only=read_only))
        except (duckdb.IOException, HeldForReading) as error:
            if not (is_locked(error) or isinstance(error, HeldForReading)):
                raise
            if time.monotonic() > give_up:
                raise StateInUse(
                    f"another process has {path} open: wait for it to end, then try again"
                ) from None
        time.sleep(0.1)


def migrate(settings: Settings) -> int:
    """Create state.duckdb if need be and apply each file of state_schema/ once, in order; returns how many were new."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = sorted(SCHEMA_DIR.glob("*.sql"))
    with connect_state(settings) as con:
        con.execute(
            "create table if not exists schema_migrations (version text primary key, applied_at timestamp not null)"
        )
        applied = {row[0] for row in con.execute("select version from schema_migrations").fetchall()}
        unknown = applied - {file.stem for file in files}
        if unknown:
            raise StateProblem(
                f"{settings.state_path} was written by a newer Onefold (it has {', '.join(sorted(unknown))}): "
                "run that version, or restore a backup that this one made"
            )
        pending = [file for file in files if file.stem not in applied]
        for file in pending:
            con.begin()
            con.execute(file.read_text())
            con.execute("insert into schema_migrations values (?, now()::timestamp)", [file.stem])
            con.commit()
    settings.state_path.chmod(0o600)
    return len(pending)


def check_key(settings: Settings, key: bytes) -> None:
    """Refuse a key other than the one that this home's record keys were made with (only its fingerprint is kept)."""
    fingerprint = pseudonym(key, "fingerprint")
    with connect_state(settings) as con:
        row = con.execute("select fingerprint from key_fingerprint").fetchone()
        if row is None:
            con.execute("insert into key_fingerprint values (?)", [fingerprint])
        elif row[0] != fingerprint:
            raise KeyProblem(
                f"the key is not the one that {settings.home} was made with: set the former ONEFOLD_KEY or restore "
                "HOME/key; under another key every customer would get a new identity"
            )
