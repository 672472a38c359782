"""`onefold backup` and `onefold restore`: what must last, out of a home and into another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal

from cdp_assets.commands.saying import plain_console, styled
from cdp_assets.errors import safe_text
from cdp_assets.operations.backup import Backup, make_backup, restore_backup
from cdp_assets.publishing import lock
from cdp_assets.settings import Settings

EXIT_DONE, EXIT_FAILED = 0, 1


def run_backup(*, home: Path | None, folder: Path, with_key: bool, console: Console | None = None) -> int:
    """Back the home up; returns the exit code: 0 done, 1 not done, 75 a run works on the home."""

    def back_up(settings: Settings, out: Console) -> None:
        made = make_backup(settings, folder, with_key=with_key)
        out.print(
            styled("backed up", "green", f" {_size(made)} to {made.folder}"), highlight=False, soft_wrap=True
        )
        if made.has_key:
            out.print(
                "It holds the secret key and customers' data: keep it where only its owner can read it."
            )
        else:
            out.print(
                "It holds no key: keep ONEFOLD_KEY (or HOME/key) elsewhere; without it the backup is of no use."
            )

    return locked(home, console or plain_console(), back_up)


def run_restore(*, home: Path | None, folder: Path, console: Console | None = None) -> int:
    """Restore a backup into a new home; returns the exit code as `run_backup` does."""

    def restore(settings: Settings, out: Console) -> None:
        restored = restore_backup(settings, folder.expanduser().absolute())
        out.print(
            styled("restored", "green", f" {_size(restored)} to {settings.home}"),
            highlight=False,
            soft_wrap=True,
        )
        if not restored.has_key:
            out.print("The backup holds no key: set ONEFOLD_KEY to the one that its home had.")
        out.print("`onefold run` builds and publishes the tables.")

    return locked(home, console or plain_console(), restore)


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
