"""Whether the warehouse is as Onefold's own runs left it: what it says of its tables (`build.nodes`) may be believed only then.

DuckDB renews the head of a file with every checkpoint, so its first three blocks differ after any write, by whomever. Their digest is kept beside
the warehouse after each write of our own. A write by hand, a kill in the middle, a copy from a backup, an erasure: the seal does not fit, and a
night builds everything. The seal knows the week, too: once in it everything is built and judged anew, changed or not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cdp_assets.private_files import write_private
from cdp_assets.settings import Settings

HEAD_BYTES = 3 * 4096  # DuckDB's main header and its two database headers
REPEAT_AFTER = timedelta(days=7)


def path_of(settings: Settings) -> Path:
    """HOME/warehouse.seal: not worth a backup, as a restored warehouse is built anew."""
    return settings.home / "warehouse.seal"


def is_whole(settings: Settings) -> bool:
    """Whether nobody but us wrote since the seal was set, and the week since everything was built is not over."""
    seal = _read(settings)
    return seal.get("head") == _head(settings) is not None and not is_past_week(str(seal.get("whole_at")))


def whole_since(settings: Settings) -> str | None:
    """When everything was built last (ISO 8601), if the seal says."""
    found = _read(settings).get("whole_at")
    return found if isinstance(found, str) else None


def is_past_week(at: str) -> bool:
    """Whether a moment (ISO 8601) is a week ago, cannot be read, or has not come yet: a clock may have gone back."""
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return True
    return not timedelta() <= age < REPEAT_AFTER


def begin(settings: Settings) -> None:
    """Seal the warehouse as one in which nothing of former nights counts: the week begins."""
    _write(settings, datetime.now(UTC).isoformat())


def break_open(settings: Settings) -> None:
    """Make the next run build everything."""
    path_of(settings).unlink(missing_ok=True)


@contextmanager
def kept(settings: Settings) -> Iterator[None]:
    """Around a write of our own, from before the warehouse is opened until after it is closed: a seal that fitted fits again.

    A block that fails leaves the seal as it is, so that it fits only where nothing was written.
    """
    seal = _read(settings)
    fitted = seal.get("head") == _head(settings) is not None
    yield
    if fitted:
        _write(settings, str(seal.get("whole_at")))


def _head(settings: Settings) -> str | None:
    """Digest of the warehouse's head; None without a warehouse, or with a log that was not merged (a process died)."""
    path = settings.warehouse_path
    if not path.exists() or path.with_name(path.name + ".wal").exists():
        return None
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return hashlib.sha256(head + str(path.stat().st_size).encode()).hexdigest()


def _read(settings: Settings) -> dict[str, Any]:
    try:
        found = json.loads(path_of(settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(settings: Settings, whole_at: str) -> None:
    if head := _head(settings):
        write_private(
            path_of(settings), json.dumps({"head": head, "whole_at": whole_at}).encode(), is_synced=False
        )
    else:
        break_open(settings)
