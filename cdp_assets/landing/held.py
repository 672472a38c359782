"""Why a file waits: one exception, one record, one wording. Messages never hold a value of the file."""

from __future__ import annotations

import errno
from dataclasses import dataclass

# The home's trouble, not the file's: a full disk, a disk that became read-only, too many open files.
NOT_THE_FILE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE}


class FileHeld(Exception):
    """This file cannot land as it is. The others go on; the file stays in the inbox."""

    def __init__(self, reason_code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{reason_code}: {detail}; {remedy}")
        self.reason_code = reason_code
        self.detail = detail
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[FileHeld], tuple[str, str, str]]:
        return FileHeld, (self.reason_code, self.detail, self.remedy)


def as_held(error: Exception) -> FileHeld:
    """Whatever was raised while one file was looked at, as the reason why this file is held; the others go on.

    Raises the error itself where no other file would fare better. Nothing of a library's text passes: it may quote the data.
    """
    if isinstance(error, FileHeld):
        return error
    if isinstance(error, OSError) and error.errno in NOT_THE_FILE:
        raise error
    if isinstance(error, FileNotFoundError):
        return FileHeld(
            "vanished",
            "it was there and is gone",
            "let the sender write elsewhere and move whole files in; it lands when it is there again",
        )
    if isinstance(error, PermissionError):
        return FileHeld(
            "unreadable",
            "it may not be read",
            "give the user that runs Onefold the right to read it (chmod, chown)",
        )
    if isinstance(error, OSError):
        return FileHeld(
            "unreadable",
            f"reading it failed ({type(error).__name__}, {errno.errorcode.get(error.errno or 0, 'no code')})",
            "check the disk or the share that it lies on, then deliver it again",
        )
    if isinstance(error, MemoryError):
        return FileHeld(
            "beyond_limits",
            "parsing it took more memory than a file of its size may",
            "check where the file comes from; split it, or deliver it as CSV",
        )
    from cdp_assets.landing.contract import ContractProblem

    if isinstance(error, ContractProblem):
        found, where, remedy = error.parts
        return FileHeld(
            "contract_problem", f"{found} ({where})", f"{remedy}; `onefold channel check` tries it"
        )
    from cdp_assets.errors import safe_text

    return FileHeld(
        "reader_failed",
        f"its reader stopped ({safe_text(error)})",
        "ask for the file again: it is probably damaged; if it is whole, this is a bug of landing: report what stands in brackets",
    )


@dataclass(frozen=True)
class HeldFile:
    """A file that waits in the inbox, with the reason and what to do."""

    channel: str
    export: str | None
    file_name: str
    size_bytes: int | None
    reason_code: str
    detail: str
    remedy: str
