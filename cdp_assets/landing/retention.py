"""What the contracts' retention ends: originals and quarantined rows of loads that are older. Ledger and Parquet stay."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cdp_assets.landing.contract import ChannelContract
from cdp_assets.landing.files import original_path
from cdp_assets.landing.stored import quarantine_path
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

_Row = tuple[str, str, str, str, datetime]  # channel, export, load id, delivered hash, landed at

# A first removal of so many originals asks: a wrong clock, or a retention that was just set, would take all at once.
LARGE_SHARE, LARGE_COUNT = 0.2, 10


@dataclass(frozen=True)
class Expired:
    """Files that were removed, and originals that wait for a person's word because they are many."""

    originals: int = 0
    quarantines: int = 0
    waiting: int = 0


def expire(
    settings: Settings,
    contracts: Mapping[str, ChannelContract],
    today: date,
    newest: Callable[[], date | None] = lambda: date.max,
) -> Expired:
    """Remove originals and quarantine files of loads that landed more than `retention` days ago.

    Ago: before `today` and before the newest business date that landed (asked for only where something would go): a wrong clock removes
    nothing. An original goes only when every load of its bytes is past its retention; an export without one keeps all. Many at once
    stay until that is accepted (`accept_expiry`), which is recorded.
    """
    gone = _gone(settings, contracts, today, newest)
    originals = _expired_originals(settings, gone)
    stored = sum(
        original_path(settings.originals_dir, sha256).exists() for sha256 in {load[3] for load in gone}
    )
    if len(originals) > max(LARGE_COUNT, LARGE_SHARE * stored):
        if not settings.accept_expiry:
            return Expired(waiting=len(originals))
        _record(settings, len(originals), stored)
    quarantines = [
        load for load, is_past in gone.items() if is_past and quarantine_path(settings, *load[:3]).exists()
    ]
    if originals or quarantines:
        _forget(settings, originals, quarantines)
    for load in quarantines:
        quarantine_path(settings, *load[:3]).unlink()
    for sha256 in originals:
        original_path(settings.originals_dir, sha256).unlink()
    return Expired(len(originals), len(quarantines))


def _gone(
    settings: Settings,
    contracts: Mapping[str, ChannelContract],
    today: date,
    newest: Callable[[], date | None],
) -> dict[_Row, bool]:
    """Whether each load is past its retention, by the clock and by the data."""
    with connect_state(settings, read_only=True) as con:
        loads = con.execute(
            "select channel, export, load_id, delivered_sha256, landed_at from loads where status <> 'started'"
        ).fetchall()
    gone = _past(loads, contracts, today)
    return _past(loads, contracts, min(today, newest() or date.min)) if any(gone.values()) else gone


def _expired_originals(settings: Settings, gone: Mapping[_Row, bool]) -> list[str]:
    """Hashes of originals that are there and of which every load is past its retention."""
    retained = {load[3] for load, is_past in gone.items() if not is_past}
    hashes = dict.fromkeys(load[3] for load in gone if load[3] not in retained)
    return [sha256 for sha256 in hashes if original_path(settings.originals_dir, sha256).exists()]


def _forget(settings: Settings, originals: Sequence[str], quarantines: Sequence[_Row]) -> None:
    """Write down what is about to go: what the ledger has no hash of is not missed (see `stored`)."""
    with connect_state(settings) as con:
        con.begin()
        for sha256 in originals:
            con.execute(
                "update loads set original_removed_at = now()::timestamp where delivered_sha256 = ?", [sha256]
            )
        for channel, export, load_id, _, _ in quarantines:
            con.execute(
                "update loads set quarantine_sha256 = null where channel = ? and export = ? and load_id = ?",
                [channel, export, load_id],
            )
        con.commit()


def _past(loads: Sequence[_Row], contracts: Mapping[str, ChannelContract], today: date) -> dict[_Row, bool]:
    """Whether each load is past its export's retention on that day."""
    past = {}
    for load in loads:
        channel, export, _, _, landed_at = load
        known = channel in contracts and any(each.name == export for each in contracts[channel].exports)
        days = contracts[channel].retention_days(export) if known else None
        past[load] = days is not None and (today - landed_at.date()).days > days
    return past


def _record(settings: Settings, originals: int, stored: int) -> None:
    with connect_state(settings) as con:
        con.execute(
            "insert into home_events values ('expiry_accepted', ?, ?, now()::timestamp)",
            [f"{originals:,} of {stored:,} originals were past their retention", getpass.getuser()],
        )
