"""Loads that keep their contract and break their channel's models wait whole, while what was in force before stays so.

Parking is a ruling on deliveries, as holding is; `onefold accept` lets a parked one in. Which loads break what is found where
models are built (`cdp_assets.dbt_parking`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cdp_assets.landing import deliveries, ledger
from cdp_assets.landing.contract import ChannelContract, Export
from cdp_assets.landing.delivery_checks import BREAKS, parked
from cdp_assets.landing.held import HeldFile
from cdp_assets.settings import Settings
from cdp_assets.sql_text import from_file
from cdp_assets.state import connect_state


@dataclass(frozen=True, order=True)
class Delivered:
    """One delivery that counts and that no published generation was built from."""

    sequence: int
    channel: str
    export: str
    file_name: str
    size_bytes: int


def newly_delivered(settings: Settings, exports: Collection[tuple[str, str]]) -> list[Delivered]:
    """Deliveries of these (channel, export) that count, and were delivered or let in since the current generation was built."""
    with connect_state(settings, read_only=True) as con:
        return [
            Delivered(*row)
            for channel, export in sorted(exports)
            for row in con.execute(
                from_file(__name__, "newly_delivered", counting=deliveries.COUNTING),
                {"channel": channel, "export": export, "without": []},
            ).fetchall()
        ]


def try_without(
    settings: Settings, contracts: Mapping[str, ChannelContract], left_out: Iterable[Delivered],
    exports: Collection[tuple[str, str]],
) -> None:  # fmt: skip
    """Mark the exports as if these deliveries did not count. A trial: the next landing marks them by their rulings again."""
    sequences = [each.sequence for each in left_out]
    with connect_state(settings) as con:
        con.begin()
        for channel, export in sorted(exports):
            deliveries.mark_current(con, channel, _export(contracts, channel, export), sequences)
        con.commit()


def park(settings: Settings, broken: Mapping[Delivered, str], run_id: str) -> None:
    """Rule that these deliveries wait, each with what failed on it, and name them among the held files."""
    with connect_state(settings) as con:
        con.begin()
        deliveries.rule(con, {each.sequence: (BREAKS, why) for each, why in broken.items()}, run_id=run_id)
        ledger.record_held(con, [_held(each, why) for each, why in broken.items()], run_id)
        con.commit()


def admit(settings: Settings, delivered: Sequence[Delivered], *, reason: str, run_id: str) -> None:
    """Let deliveries count again: what failed was not theirs."""
    with connect_state(settings) as con:
        con.begin()
        sequences = [each.sequence for each in delivered]
        deliveries.release(con, sequences, reason=reason, ruled_by="onefold", run_id=run_id)
        con.executemany(
            "delete from held_files where channel = ? and file_name = ? and reason_code = ?",
            [[each.channel, each.file_name, BREAKS] for each in delivered],
        )
        con.commit()


def is_any_parked(con: duckdb.DuckDBPyConnection, channel: str, export: str) -> bool:
    """Whether a delivery of the export waits parked: landing names it anew in every run."""
    rows = con.execute(
        """
        select 1
        from delivery_rulings
        inner join deliveries using (sequence)
        where deliveries.channel = ? and deliveries.export = ?
        group by sequence
        having max_by(ruling, ruling_number) = 'held' and max_by(reason_code, ruling_number) = ?
        limit 1
        """,
        [channel, export, BREAKS],
    ).fetchall()
    return bool(rows)


def named(parked_ones: Sequence[Delivered]) -> str:
    """`<channel>/<file>, …`."""
    return ", ".join(f"{each.channel}/{each.file_name}" for each in sorted(parked_ones))


def _held(each: Delivered, why: str) -> HeldFile:
    reason = parked(each.channel, each.file_name, why)
    return HeldFile(
        each.channel, each.export, each.file_name, each.size_bytes, reason.reason_code, reason.detail, reason.remedy
    )  # fmt: skip


def _export(contracts: Mapping[str, ChannelContract], channel: str, name: str) -> Export:
    return next(each for each in contracts[channel].exports if each.name == name)
