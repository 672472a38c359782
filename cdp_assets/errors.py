"""What may be said of an error: libraries' texts quote the data they choked on, so only our own texts pass."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator
from pathlib import Path

PASSING_ERRNOS = {errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ESTALE, errno.ETIMEDOUT, errno.ETXTBSY}
FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FULL_WORDS = (
    "No space left on device",
    "disk is full",
    "Disk quota exceeded",
    "File too large",
)  # of DuckDB, SQLite and Arrow
PACKAGE_DIR = Path(__file__).resolve().parent


class Problem(RuntimeError):
    """Something that a person can put right, in three lines: what was found, where, and what to do. Never a value."""

    def __init__(self, found: str, where: str, remedy: str) -> None:
        self.parts = (found, where, remedy)
        super().__init__(f"{found}\n  where: {where}\n  what to do: {remedy}")


class StepFailed(RuntimeError):
    """A step failed with a library's error, whose text may hold customers' values and is therefore left out."""


def is_safe(error: BaseException) -> bool:
    """Errors that this package defines name files, columns, counts and remedies only."""
    return type(error).__module__.startswith("cdp_assets.")


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """An error and what caused it, outermost first."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def safe_text(error: BaseException) -> str:
    """The error in words that may be logged: our own message, or the kind of a foreign error and where it rose."""
    if is_safe(error):
        return str(error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(frame.filename)]
    where = (
        f" at {Path(frames[-1].filename).relative_to(PACKAGE_DIR.parent)}:{frames[-1].lineno}"
        if frames
        else ""
    )
    if is_disk_full(error):
        return f"the disk is full ({type(error).__name__}{where}): free space, then do the same again; what was begun goes on from there"
    return f"{type(error).__module__}.{type(error).__name__}{where}"


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or what caused it, is that nothing more can be written."""
    return any(
        (isinstance(each, OSError) and each.errno in FULL_ERRNOS)
        or (not is_safe(each) and any(words in str(each) for words in FULL_WORDS))
        for each in chain_of(error)
    )


def may_pass_on_retry(error: BaseException) -> bool:
    """Whether the same step may go well a little later: a file that another process holds, a system short of something.

    Wrong data, a wrong contract or a full disk will fail again, and are not retried.
    """
    if getattr(error, "may_pass_on_retry", False):
        return True
    if isinstance(error, OSError) and error.errno in PASSING_ERRNOS:
        return True
    from cdp_assets import (
        engine,  # only where an error is judged: settings are read by processes that need no database
    )

    return engine.is_locked(error)


def made_safe(error: Exception) -> Exception:
    """The error itself if its text is ours, else a StepFailed that says where it rose and how to see the rest."""
    if is_safe(error):
        return error
    return StepFailed(
        f"{safe_text(error)}. Its text is left out because it may quote customers' data: "
        "set ONEFOLD_DEBUG=1 and run again on a safe terminal to see it"
    )


def _is_ours(filename: str) -> bool:
    return Path(filename).resolve().is_relative_to(PACKAGE_DIR)
