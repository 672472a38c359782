"""Deliveries that would take away more than their contract allows are held: the last good load stays in force.

What its channel's models fail on is parked by the same record (`parked`).

Judged by counts alone, in the order of deliveries: a snapshot beside the one before it, a redelivered file beside what its
name held before, and every file by its share of quarantined rows. `onefold accept` lets a held one in.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cdp_assets.landing import deliveries
from cdp_assets.landing.contract import Export
from cdp_assets.landing.held import FileHeld, HeldFile
from cdp_assets.landing.parse import ParseResult
from cdp_assets.settings import Settings
from cdp_assets.sql_text import from_file
from cdp_assets.state import connect_state

FEW_ROWS = 10  # among fewer, one bad row is a large share: then a file is held only where most of it is bad
SHRINKS, QUARANTINES, BREAKS = "shrinks_export", "mostly_quarantined", "breaks_models"
RULED = (SHRINKS, QUARANTINES, BREAKS)  # a ruling says that the delivery waits, not the look of its file


class NothingToAccept(ValueError):
    """No held delivery answers to the name; the message says which do."""


@dataclass(frozen=True)
class _Delivery:
    """One delivery whose bytes could be parsed."""

    sequence: int
    file_name: str
    sha256: str
    period: str
    part: str
    size_bytes: int
    version: str
    parsed: int
    quarantined: int
    is_held: bool
    is_accepted: bool
    breaks: str | None  # what failed on it, where it waits parked

    @property
    def rows(self) -> int:
        """Rows that keep the contract, also those that were erased or repeated within the file."""
        return self.parsed - self.quarantined


@dataclass(frozen=True)
class Judgement:
    """What an export's judgement came to: hashes that may land, and every delivery that waits."""

    landing: set[str]
    held: dict[str, FileHeld]  # by hash: bytes of which no delivery may land
    waiting: list[HeldFile]


def judge_deliveries(
    con: duckdb.DuckDBPyConnection,
    channel: str,
    export: Export,
    results: Mapping[str, ParseResult],
    run_id: str,
) -> Judgement:
    """Judge the deliveries of files that were just parsed (`results`, by hash) and those that are held; rulings are recorded."""
    found = _deliveries(con, channel, export, results)
    verdicts = _verdicts(channel, export, found, results)
    held = {each.sequence: why for each, why in verdicts if why}
    _record(con, found, verdicts, held, run_id)
    counting = {each.sha256 for each in found if each.sequence not in held}
    refused = {each.sha256: held[each.sequence] for each in found if each.sequence in held}
    return Judgement(
        set(results) & counting,
        {sha: why for sha, why in refused.items() if sha not in counting},
        _held_files(channel, export, found, held),
    )


def _record(
    con: duckdb.DuckDBPyConnection,
    found: Sequence[_Delivery],
    verdicts: Sequence[tuple[_Delivery, FileHeld | None]],
    held: Mapping[int, FileHeld],
    run_id: str,
) -> None:
    """Rule what is held and was not ruled before; release what was held and is within its limits now."""
    before = {each.sequence for each in found if each.is_held}
    reasoned = before - set(_not_judged(con))
    rulings = {
        sequence: (why.reason_code, why.detail) for sequence, why in held.items() if sequence not in reasoned
    }
    deliveries.rule(con, rulings, run_id=run_id)
    passed = [each.sequence for each, why in verdicts if why is None and each.sequence in before]
    deliveries.release(con, passed, reason="within its limits", ruled_by="onefold", run_id=run_id)


def _held_files(
    channel: str, export: Export, found: Sequence[_Delivery], held: Mapping[int, FileHeld]
) -> list[HeldFile]:
    """The held deliveries that are the last of their name."""
    last = {each.file_name: each.sequence for each in sorted(found, key=_sequence)}
    waiting = [each for each in found if each.sequence in held and last[each.file_name] == each.sequence]
    return [
        HeldFile(
            channel, export.name, each.file_name, each.size_bytes, why.reason_code, why.detail, why.remedy
        )
        for each in waiting
        for why in [held[each.sequence]]
    ]


def accept(settings: Settings, name: str, reason: str) -> HeldFile:
    """Let a held delivery in with the next run. `name`: <channel>/<file>, or the file alone where only one has it.

    Raises NothingToAccept.
    """
    with connect_state(settings) as con:
        con.begin()
        waiting = _waiting(con)
        full = {f"{file.channel}/{file.file_name}": (sequence, file) for sequence, file in waiting}
        chosen = [full[name]] if name in full else [each for each in waiting if each[1].file_name == name]
        if len(chosen) != 1:
            raise NothingToAccept(
                f"{len(chosen)} held deliveries are named so; those that can be accepted: {', '.join(sorted(full)) or 'none'}. "
                "A file that waits for another reason is corrected, not accepted: see `onefold status`"
            )
        ((sequence, file),) = chosen
        deliveries.release(con, [sequence], reason=reason, ruled_by=getpass.getuser(), run_id=None)
        con.commit()
    return file


def newly_held(settings: Settings, run_id: str) -> list[str]:
    """`<channel>/<file>: why` of each delivery that this run held back for the first time."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            """
            select deliveries.channel || '/' || deliveries.file_name || ': ' || delivery_rulings.detail
            from delivery_rulings
            inner join deliveries using (sequence)
            where delivery_rulings.run_id = ? and delivery_rulings.ruling = 'held' and delivery_rulings.reason_code <> ?
                and sequence in (
                    select sequence from delivery_rulings group by sequence having max_by(ruling, ruling_number) = 'held'
                )
            order by 1
            """,
            [run_id, deliveries.NOT_JUDGED],
        ).fetchall()
    return [row[0] for row in rows]


def _waiting(con: duckdb.DuckDBPyConnection) -> list[tuple[int, HeldFile]]:
    """Held deliveries that are the last of their name."""
    rows = con.execute(
        """
        select sequence, channel, export, file_name, size_bytes, reason_code, detail
        from deliveries
        inner join (
            select sequence, max_by(reason_code, ruling_number) as reason_code, max_by(detail, ruling_number) as detail
            from delivery_rulings
            group by sequence
            having max_by(ruling, ruling_number) = 'held'
        ) as held using (sequence)
        where sequence in (select max(sequence) from deliveries group by channel, export, file_name)
        order by sequence
        """
    ).fetchall()
    return [(sequence, HeldFile(*(*about, "accepted"))) for sequence, *about in rows]


def waiting_contents(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    """(channel, file name, hash) of every delivery that was judged and waits: the same judgement falls while nothing else changes."""
    judged = {sequence for sequence, _ in _waiting(con)} - set(_not_judged(con))
    rows = con.execute("select channel, file_name, delivered_sha256, sequence from deliveries").fetchall()
    return {(channel, name, sha256) for channel, name, sha256, sequence in rows if sequence in judged}


def _not_judged(con: duckdb.DuckDBPyConnection) -> list[int]:
    """Deliveries that are held only until they are judged."""
    rows = con.execute(
        "select sequence from delivery_rulings group by sequence having bool_and(reason_code = ?)",
        [deliveries.NOT_JUDGED],
    ).fetchall()
    return [row[0] for row in rows]


def _deliveries(
    con: duckdb.DuckDBPyConnection, channel: str, export: Export, results: Mapping[str, ParseResult]
) -> list[_Delivery]:
    """The export's deliveries whose bytes have landed or were just parsed."""
    rows = con.execute(
        from_file(__name__, "deliveries"),
        {"channel": channel, "export": export.name, "breaks": BREAKS},
    ).fetchall()
    found = []
    for *about, version, parsed, quarantined, is_held, is_accepted, breaks in rows:
        result = results.get(about[2])
        if result:
            version, parsed, quarantined = result.newest_version, result.parsed, result.quarantined
        if parsed is not None:
            found.append(_Delivery(*(*about, version, parsed, quarantined, is_held, is_accepted, breaks)))
    return found


class _InForce:
    """What the deliveries judged so far have left in force: per name, and of a snapshot per part."""

    def __init__(self, export: Export) -> None:
        self._is_snapshot = export.facts.delivery == "snapshot"
        self._replaces = export.facts.replaces
        self._of_part: dict[str, _Delivery] = {}
        self._of_name: dict[str, _Delivery] = {}

    def order(self, delivery: _Delivery) -> tuple[str, str, int]:
        """Snapshots follow each other by period, then version; else what was delivered later comes later."""
        if self._is_snapshot:
            return delivery.period, delivery.version, delivery.sequence
        return "", "", delivery.sequence

    def before(self, delivery: _Delivery) -> _Delivery | None:
        """What the delivery would take the place of, None for nothing or for the same bytes."""
        found = self._of_name.get(delivery.file_name) if self._has_name_of_its_own(delivery) else None
        found = found or self._of_part.get(delivery.part)
        return found if found and found.sha256 != delivery.sha256 else None

    def add(self, delivery: _Delivery) -> None:
        self._of_name[delivery.file_name] = delivery
        if self._is_snapshot:
            self._of_part[delivery.part] = delivery

    def _has_name_of_its_own(self, delivery: _Delivery) -> bool:
        """Keyed deltas replace by key; one of them stands for its name only where the name declares a period."""
        by_name = self._is_snapshot or self._replaces in ("file_name", "period")
        return by_name or (self._replaces == "key" and delivery.period != "")


def _verdicts(
    channel: str, export: Export, found: Sequence[_Delivery], results: Mapping[str, ParseResult]
) -> list[tuple[_Delivery, FileHeld | None]]:
    """Each delivery that is to be judged now, with the reason to hold it, in the order in which they replace each other."""
    in_force = _InForce(export)
    verdicts: list[tuple[_Delivery, FileHeld | None]] = []
    for each in sorted(found, key=in_force.order):
        why = None
        if each.is_held or (each.sha256 in results and not each.is_accepted):
            why = (
                parked(channel, each.file_name, each.breaks)
                if each.is_held and each.breaks
                else _reason(channel, export, each, in_force.before(each), results)
            )
            verdicts.append((each, why))
        if why is None:
            in_force.add(each)
    return verdicts


def _sequence(delivery: _Delivery) -> tuple[int]:
    return (delivery.sequence,)


def parked(channel: str, file_name: str, detail: str) -> FileHeld:
    """The reason why a load waits that keeps its contract and that the channel's own models fail on."""
    return FileHeld(
        BREAKS,
        detail,
        f"correct the channel's models (dbt_project/models/staging/{channel}), then "
        f'`onefold accept "{channel}/{file_name}" --reason "…"`; or ask for the file again',
    )


def _reason(
    channel: str,
    export: Export,
    delivery: _Delivery,
    before: _Delivery | None,
    results: Mapping[str, ParseResult],
) -> FileHeld | None:
    facts = export.facts
    remedy = (
        f'look at the file; if it is right, `onefold accept "{channel}/{delivery.file_name}" --reason "…"`, '
        "else ask for it again"
    )
    bad, parsed = delivery.quarantined, delivery.parsed
    if bad > facts.max_quarantined * parsed and (parsed >= FEW_ROWS or 2 * bad > parsed):
        reasons = results[delivery.sha256].reasons if delivery.sha256 in results else []
        most = max(reasons, key=lambda each: each.rows, default=None)
        why = f", most for {most.reason_code} in {most.column_name or 'the row'}" if most else ""
        detail = f"{bad:,} of {parsed:,} rows break the contract ({bad / parsed:.0%}{why})"
        return FileHeld(QUARANTINES, detail, f"correct the contract or the source; {remedy}")
    if before and delivery.rows < (1 - facts.max_shrink) * before.rows:
        lost = 1 - delivery.rows / before.rows
        detail = (
            f"it has {delivery.rows:,} rows, {lost:.0%} fewer than the {before.rows:,} that it would replace"
        )
        return FileHeld(SHRINKS, detail, remedy)
    return None
