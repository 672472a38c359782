"""`onefold backup` and `onefold restore`: what must last, out of a home and into another."""

from __future__ import annotations

import getpass
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal

from cdp_assets.commands.saying import plain_console, styled
from cdp_assets.errors import Problem, safe_text
from cdp_assets.landing.files import make_private_dir, replacing
from cdp_assets.operations import backup_keys
from cdp_assets.operations.backup import Backup, make_backup, restore_backup
from cdp_assets.publishing import lock
from cdp_assets.rights import journal
from cdp_assets.rights.upkeep import after_restore
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state, migrate

EXIT_DONE, EXIT_FAILED = 0, 1


def run_backup(
    *,
    home: Path | None,
    folder: Path,
    with_key: bool,
    encrypt: bool = False,
    console: Console | None = None,
) -> int:
    """Back the home up; returns the exit code: 0 done, 1 not done, 75 a run works on the home."""

    def back_up(settings: Settings, out: Console) -> None:
        key = _key_for(settings, folder) if encrypt else None
        made = make_backup(settings, folder, with_key=with_key, seal=key)
        out.print(
            styled("backed up", "green", f" {_size(made)} to {made.folder}"), highlight=False, soft_wrap=True
        )
        if key:
            _tell_of_keys(settings, key, out)
        elif made.has_key:
            out.print(
                "It holds the secret key and customers' data: keep it where only its owner can read it."
            )
        if not made.has_key:
            out.print(
                "It holds no key: keep ONEFOLD_KEY (or HOME/key) elsewhere; without it the backup is of no use."
            )

    return locked(home, console or plain_console(), back_up)


def _key_for(settings: Settings, folder: Path) -> backup_keys.BackupKey:
    keys = backup_keys.folder_of(settings)
    if folder.expanduser().absolute().is_relative_to(keys):
        raise Problem("the backup would lie among its keys", str(keys), "name a folder on another disk")
    return backup_keys.current(keys, _today(), settings.backup_key_days)


def _tell_of_keys(settings: Settings, key: backup_keys.BackupKey, out: Console) -> None:
    """Say which key opens it, and destroy the keys whose time is up."""
    keys = backup_keys.folder_of(settings)
    out.print(
        f"It is encrypted to the key {key.key_id} in {keys}: keep that, elsewhere.",
        highlight=False,
        soft_wrap=True,
    )
    for key_id in backup_keys.destroy_expired(settings, keys, _today()):
        _record_destroyed(settings, key_id)
        out.print(
            f"key {key_id} is past ONEFOLD_KEEP_BACKUP_KEYS_DAYS and destroyed: backups under it are erased",
            highlight=False,
        )


def run_backup_keys(*, home: Path | None, destroy: str | None, console: Console | None = None) -> int:
    """List the keys of encrypted backups, or destroy one; returns the exit code as `run_backup` does."""

    def look(settings: Settings, out: Console) -> None:
        keys = backup_keys.folder_of(settings)
        if destroy:
            backup_keys.destroy(keys, destroy)
            _record_destroyed(settings, destroy)
            out.print(f"key {destroy} is destroyed: every backup under it is erased", highlight=False)
            return
        for key in backup_keys.listed(keys):
            out.print(f"{key.key_id}, made {key.made_on}", highlight=False)

    return locked(home, console or plain_console(), look)


def _record_destroyed(settings: Settings, key_id: str) -> None:
    if settings.state_path.exists():
        with connect_state(settings) as con:
            con.execute(
                "insert into home_events values ('backup_key_destroyed', ?, ?, now()::timestamp)",
                [f"key {key_id}", getpass.getuser()],
            )


def _today() -> date:
    return datetime.now(UTC).date()


def run_restore(
    *,
    home: Path | None,
    folder: Path,
    erasures: Path | None = None,
    no_erasures: bool = False,
    console: Console | None = None,
) -> int:
    """Restore a backup into a new home and erase again whom it brought back; returns the exit code as `run_backup` does."""

    def restore(settings: Settings, out: Console) -> None:
        listed = erasures or journal.manifest_path(settings)
        if not listed.exists() and not no_erasures:
            raise Problem(
                "the list of erasures is not there, and a backup brings back whom it still holds",
                str(listed),
                "give it (--erasures FILE, HOME/rights/erasures.jsonl of the former home), or say --no-erasures: nobody was ever erased",
            )
        if not no_erasures:
            _keep_list(settings, listed)
        restored = restore_backup(settings, folder.expanduser().absolute())
        out.print(
            styled("restored", "green", f" {_size(restored)} to {settings.home}"),
            highlight=False,
            soft_wrap=True,
        )
        if not restored.has_key:
            out.print("The backup holds no key: set ONEFOLD_KEY to the one that its home had.")
        for line in _erase_again(settings, no_erasures=no_erasures):
            out.print(line, highlight=False, soft_wrap=True)
        out.print("`onefold run` builds and publishes the tables.")

    return locked(home, console or plain_console(), restore)


def _keep_list(settings: Settings, listed: Path) -> None:
    """Put the list of erasures into the home first of all: a restore that dies half way is ended by the next start, which reads it."""
    target = journal.manifest_path(settings)
    if listed.resolve() != target.resolve():
        make_private_dir(target.parent)
        with replacing(target) as temporary:
            shutil.copyfile(listed, temporary)


def _erase_again(settings: Settings, *, no_erasures: bool) -> list[str]:
    """Do what is newer than the backup; what was done, in words."""
    migrate(settings)
    if no_erasures:
        with connect_state(settings) as con:
            con.execute(
                "insert into home_events values ('restored_without_erasures', 'no list of erasures was given', ?, now()::timestamp)",
                [getpass.getuser()],
            )
        return []
    return after_restore(settings)


def locked(home: Path | None, console: Console, work: Callable[[Settings, Console], None]) -> int:
    """Do something with a home that no run works on; returns 0 done, 1 not done (and says why), 75 locked."""
    settings = Settings.load(home=home)
    try:
        with lock.hold(settings.home):
            work(settings, console)
    except lock.HomeLocked as error:
        console.print(styled(error, "yellow"), soft_wrap=True)
        return lock.EXIT_LOCKED
    except OSError as error:
        console.print(
            f"not done: {error.strerror or type(error).__name__}: {error.filename or settings.home}"
        )
        return EXIT_FAILED
    except Exception as error:
        console.print(safe_text(error), markup=False, soft_wrap=True)
        return EXIT_FAILED
    return EXIT_DONE


def _size(backup: Backup) -> str:
    return f"{backup.file_count:,} files, {decimal(backup.size_bytes)},"
