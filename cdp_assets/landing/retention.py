"""What the contracts' retention ends: originals and quarantined rows of loads that are older. Ledger and Parquet stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cdp_assets.landing.contract import ChannelContract
from cdp_assets.landing.files import original_path
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state


@dataclass(frozen=True)
class Expired:
    """Files that were removed."""

    originals: int = 0
    quarantines: int = 0


def expire(settings: Settings, contracts: Mapping[str, ChannelContract], today: date) -> Expired:
    """Remove originals and quarantine files of loads that landed more than `retention` days before `today`.

    An original goes only when every load of its bytes is past its retention; an export without one keeps all.
    """
    with connect_state(settings, read_only=True) as con:
        loads = con.execute(
            "select channel, export, load_id, delivered_sha256, landed_at from loads where status <> 'started'"
        ).fetchall()
    past: dict[str, bool] = {}
    quarantines = 0
    for channel, export, load_id, sha256, landed_at in loads:
        known = channel in contracts and any(each.name == export for each in contracts[channel].exports)
        days = contracts[channel].retention_days(export) if known else None
        is_past = days is not None and (today - landed_at.date()).days > days
        past[sha256] = past.get(sha256, True) and is_past
        if is_past:
            quarantines += _remove(settings.quarantine_dir / channel / export / f"{load_id}.parquet")
    originals = sum(
        _remove(original_path(settings.originals_dir, sha256)) for sha256, gone in past.items() if gone
    )
    return Expired(originals, quarantines)


def _remove(path: Path) -> bool:
    if not path.exists():
        return False
    path.unlink()
    return True
