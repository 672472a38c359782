"""What may be said of an error: libraries' texts quote the data they choked on, so only our own texts pass."""

from __future__ import annotations

import traceback
from pathlib import Path

PACKAGE_DIR = Path(__file__).resolve().parent


class StepFailed(RuntimeError):
    """A step failed with a library's error, whose text may hold customers' values and is therefore left out."""


def is_safe(error: BaseException) -> bool:
    """Errors that this package defines name files, columns, counts and remedies only."""
    return type(error).__module__.startswith("cdp_assets.")


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
    return f"{type(error).__module__}.{type(error).__name__}{where}"


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
