"""One activation: who is meant and reached, what differs from what platforms acknowledged, files, and the ledger's commit.

Steps: choose → lists → differences → files written beside → ledger committed → files shown. A kill after any of them leaves either nothing new, or
proposals that the next start shows. Expects the home's lock to be held. No network call of ours: who uploads reports back with `answers`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import duckdb

from cdp_assets import audit
from cdp_assets.activation import conversions, membership, parked, rewriting, saved, vault
from cdp_assets.activation.account import sweep
from cdp_assets.activation.answers import home_fingerprint
from cdp_assets.activation.choosing import choose_all
from cdp_assets.activation.destination import CONVERSIONS, Destination, Destinations, load_destinations
from cdp_assets.activation.differences import compare, compare_whole, desire, look_up
from cdp_assets.activation.files import Folder, folder_of, make_durable, show
from cdp_assets.activation.ledger import (
    commit,
    gather,
    has_lists,
    list_ids,
    next_numbers,
    offered_files,
    start_changes,
    unwritable,
)
from cdp_assets.activation.library import Library, load_library
from cdp_assets.activation.lists import Chosen, List, is_below_floor, lists_of
from cdp_assets.activation.pressure import load_pressure
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.activation.proposals import Run, facts_of, pack, propose
from cdp_assets.activation.published_file import CONTACT_SCHEMA, PublishedFile, open_published
from cdp_assets.activation.reach import LEDGER, Reach, open_reach, prepare_keys
from cdp_assets.keys import load_key, register_pseudonym
from cdp_assets.publishing.generations import current_generation
from cdp_assets.settings import Settings

Reached = Callable[[str], None]
AUDIENCES_AT_ONCE, LOOK_UPS_AT_ONCE = (
    100,
    10,
)  # in one reading of the customers; a look-up holds a set of them in memory


@dataclass
class Report:
    """What came of a run: lists with their waterfalls, files and rows proposed, files put back or written again under their ids, and problems in words."""

    generation: str
    as_of: date | None
    lists: list[List] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    put_back: int = 0
    rewritten: int = 0

    @property
    def file_count(self) -> int:
        return sum(len(folder.batches) for folder in self.folders)

    def row_count(self, operation: str) -> int:
        return sum(
            batch.part.row_count
            for folder in self.folders
            for batch in folder.batches
            if (batch.part.operation == "remove") == (operation == "remove")
        )


def run_activation(settings: Settings, *, reached: Reached = lambda _: None) -> Report:
    """Bring every audience in force to its destinations, as files. Raises ActivationProblem where nothing is published.

    A home without audiences has nothing to do: its files are not even opened.
    """
    unread = saved.take(settings)
    library, destinations = load_library(settings), load_destinations(settings)
    if not library.in_force() and not destinations.conversions() and not has_lists(settings):
        return Report(current_generation(settings) or "", None, problems=unread)
    spill = folder_of(settings) / ".spill"
    shutil.rmtree(spill, ignore_errors=True)  # of a run that was killed
    with open_published(
        settings, with_contact_file=True, scratch=spill, attach=parked.attached_with_former
    ) as published:
        con = published.con
        run = Run(settings, published.generation, published.as_of, home_fingerprint(settings))
        report = Report(published.generation, published.as_of, problems=unread)
        missing = show(settings, offered_files(con, destinations))
        reached("activation/repaired")
        register_pseudonym(con, load_key(settings))
        vault.show_keys(con, settings, LEDGER)
        wanted = _wanted(con, library, destinations, report)
        reach = open_reach(con, published.as_of)
        membership.start(con)
        parked.find_parked(con, published.as_of)
        chosen, problems = choose_all(published, reach, library)
        report.problems += problems
        reached("activation/chosen")
        _propose_all(published, reach, run, destinations, wanted, chosen, report, missing, reached)
    return report


def _wanted(
    con: duckdb.DuckDBPyConnection, library: Library, destinations: Destinations, report: Report
) -> dict[tuple[str, str], int]:
    """(destination, audience) → list_id, of lists in force; broken destinations are named."""
    pairs = []
    for name in library.in_force():
        if name not in library.audiences:
            report.problems.append(str(library.problems[name]))
            continue
        for destination in library.audiences[name].destinations:
            try:
                destinations.of_people(destination, name)
            except ActivationProblem as problem:
                report.problems.append(f"audience {name}: {problem}")
                continue
            pairs.append((destination, name))
    pairs += [(name, CONVERSIONS) for name in destinations.conversions()]
    return list_ids(con, sorted(set(pairs)))


def _propose_all(
    published: PublishedFile,
    reach: Reach,
    run: Run,
    destinations: Destinations,
    ids: dict[tuple[str, str], int],
    chosen: dict[str, Chosen],
    report: Report,
    missing: list[str],
    reached: Reached,
) -> None:
    con = published.con
    by_destination = _by_destination(ids, destinations, chosen)
    report.problems += unwritable(con, destinations)
    brought_back = destinations.conversions()
    prepare_keys(reach, [destinations.known[name] for name in (*by_destination, *brought_back)])
    rewriting.start(con)
    report.put_back = rewriting.put_back_lost(published, run, destinations, ids, missing)
    messages = _letters(ids, destinations, by_destination)
    load_pressure(con, published.as_of, messages)
    start_changes(con)
    batch_no, sequences = next_numbers(con, published.generation)
    for name, lists_ids in by_destination.items():
        destination = destinations.known[name]
        lists = lists_of(
            reach, name, destination, [chosen[each] for each in lists_ids if each in chosen], ids
        )
        gone = {number: pair for pair, number in ids.items() if pair[0] == name and pair[1] not in lists_ids}
        folders, batch_no = _of_destination(run, reach, destination, lists, gone, sequences, batch_no)
        gather(con, folders)
        names = {each.list_id: each.chosen.name for each in lists}
        report.rewritten += rewriting.rewrite(con, run, name, destination, names)
        reach.drop_passing()
        report.lists += lists
        report.folders += folders
    conversions.start(con)
    for name in brought_back:
        batch_no = _bring_back(run, reach, name, destinations.known[name], ids, sequences, batch_no, report)
    make_durable(run.settings)
    reached("activation/files written")
    _commit(con, ids, report, list(messages), chosen)
    if report.folders:
        audit.append(
            run.settings,
            "run",
            "activate",
            generation=run.generation,
            destinations=sorted({folder.destination for folder in report.folders}),
            files=report.file_count,
            added=report.row_count("add"),
            removed=report.row_count("remove"),
        )
    reached("activation/state committed")
    show(run.settings, offered_files(con, destinations))
    reached("activation/files shown")


def _letters(
    ids: dict[tuple[str, str], int], destinations: Destinations, by_destination: dict[str, list[str]]
) -> dict[int, int]:
    """list_id → days after which an unanswered letter no longer counts, of lists of letters."""
    return {
        number: destinations.known[name].proposal_days
        for (name, _), number in ids.items()
        if name in by_destination and destinations.known[name].kind == "message"
    }


def _commit(
    con: duckdb.DuckDBPyConnection,
    ids: dict[tuple[str, str], int],
    report: Report,
    messages: list[int],
    chosen: dict[str, Chosen],
) -> None:
    """Take everything that the run found and proposed into state, in one transaction."""
    generation, as_of = report.generation, report.as_of
    assert as_of is not None
    con.begin()
    rewriting.keep(con)
    commit(con, ids, report.folders, report.lists, messages, generation, as_of)
    conversions.keep(con)
    membership.keep(con, generation, as_of, sorted(chosen))
    parked.keep(con)
    sweep(con, LEDGER, as_of)
    con.commit()


def _bring_back(
    run: Run,
    reach: Reach,
    name: str,
    destination: Destination,
    ids: dict[tuple[str, str], int],
    sequences: dict[int, int],
    batch_no: int,
    report: Report,
) -> int:
    """Propose one destination's conversions; returns the next free batch_no."""
    list_id = ids[(name, CONVERSIONS)]
    listed, parts = conversions.stage(reach, name, destination, list_id)
    report.lists.append(listed)
    if not parts:
        reach.con.execute("insert into all_superseded select batch_no from superseded")
        return batch_no
    sequences[list_id] = sequences.get(list_id, 0) + 1
    facts = facts_of(run, destination, name, CONVERSIONS, sequences[list_id], listed)
    folder = Folder(name, CONVERSIONS, run.generation, sequences[list_id], facts)
    report.folders.append(folder)
    return conversions.propose(reach.con, run.settings, destination, folder, parts, run.as_of, batch_no)


def _by_destination(
    ids: dict[tuple[str, str], int], destinations: Destinations, chosen: dict[str, Chosen]
) -> dict[str, list[str]]:
    """Destination → audiences that are brought there now; also destinations that only have lists to be emptied."""
    found: dict[str, list[str]] = {}
    for name, audience in sorted(ids):
        if name not in destinations.known or destinations.known[name].kind == "conversion":
            continue
        its = found.setdefault(name, [])
        if audience in chosen and name in chosen[audience].audience.destinations:
            its.append(audience)
    return found


def _of_destination(
    run: Run,
    reach: Reach,
    destination: Destination,
    lists: list[List],
    gone: dict[int, tuple[str, str]],
    sequences: dict[int, int],
    batch_no: int,
) -> tuple[list[Folder], int]:
    """Compare, pack and write one destination's lists."""
    con = reach.con
    desire(reach, destination, lists)
    look_up(con, [*(each.list_id for each in lists), *gone], destination.refresh_days, run.as_of)
    held = [each.list_id for each in lists if _is_held(destination, each)]
    whole = destination.mode == "replace"
    if whole:
        compare_whole(con, held)
    else:
        compare(con, held, are_letters=destination.kind == "message")
    parts = pack(con, destination, CONTACT_SCHEMA, whole)
    return propose(con, run, destination, lists, gone, parts, sequences, batch_no)


def _is_held(destination: Destination, each: List) -> bool:
    """Whether nobody is added to a list tonight; says why on the list."""
    if each.chosen.is_held:
        each.notes.append("adds are held: the audience cannot be read")
        return True
    if is_below_floor(destination, each):
        what = "the list is emptied" if destination.below_floor == "delete_list" else "adds are held"
        each.notes.append(
            f"{what}: {each.member_count:,} members are fewer than the smallest list, {destination.smallest_list:,}"
        )
        return destination.below_floor == "hold_adds"
    return False
