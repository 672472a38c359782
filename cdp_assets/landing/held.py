"""Why a file waits: one exception, one record, one wording. Messages never hold a value of the file."""

from __future__ import annotations

from dataclasses import dataclass


class FileHeld(Exception):
    """This file cannot land as it is. The others go on; the file stays in the inbox."""

    def __init__(self, reason_code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{reason_code}: {detail}; {remedy}")
        self.reason_code = reason_code
        self.detail = detail
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[FileHeld], tuple[str, str, str]]:
        return FileHeld, (self.reason_code, self.detail, self.remedy)


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
