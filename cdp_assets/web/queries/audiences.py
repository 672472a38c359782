"""What the audience pages ask of the published file: the waterfall of an audience, a masked sample, and what it shares with others."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.activation.compiler import compile_audience
from cdp_assets.activation.destination import load_destinations
from cdp_assets.activation.ledger import attached_to_read
from cdp_assets.activation.library import Library
from cdp_assets.activation.pressure import capped_customers
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.activation.published_file import CONTACT_SCHEMA, PublishedFile, open_published
from cdp_assets.activation.rules import Columns
from cdp_assets.activation.unknown_values import Unknown, unknown_values
from cdp_assets.activation.waterfall import Step, compiled, overlap, sample_masked, waterfall
from cdp_assets.keys import KeyProblem, load_key
from cdp_assets.publishing.generations import PublishedFiles
from cdp_assets.settings import Settings
from cdp_assets.web.counted_apart import counted_apart
from cdp_assets.web.published import LIMITS, SPILLED, THREADS, Published, QueryStopped, spill_folder

KEPT, KEPT_SIZES, SAMPLE = 20, 1000, 20
MEMORY = "128MB"


@dataclass(frozen=True)
class Looked:
    """What an audience comes to in one generation. sample: masked members; shared: per other audience, None where not asked for; unknown: values that occur nowhere."""

    steps: list[Step]
    sample: list[dict[str, Any]]
    shared: list[dict[str, Any]] | None
    unknown: tuple[Unknown, ...] = ()

    @property
    def members(self) -> int:
        return self.steps[-1].left


Key = tuple[str, str, str, str]
_kept: OrderedDict[tuple[Key, bool], Looked] = OrderedDict()
_sizes: OrderedDict[Key, int] = OrderedDict()
_columns: dict[str, Columns] = {}
_lock = threading.Lock()


def columns(settings: Settings, shown: Published) -> Columns:
    """Mart → column → type of the shown generation, with the contact file's where there is one."""
    if shown.version not in _columns:
        with _opened(settings, shown, with_contact_file=shown.contact_path is not None) as published:
            _columns.clear()
            _columns[shown.version] = published.columns
    return _columns[shown.version]


def look(
    settings: Settings, shown: Published, library: Library, name: str, *, with_overlap: bool = False
) -> Looked:
    """Count an audience. Raises ActivationProblem where it does not fit the file, QueryStopped after ten seconds."""
    key = _key(settings, shown, library, name, with_overlap=with_overlap)
    with _lock:
        if (key, with_overlap) in _kept:
            _kept.move_to_end((key, with_overlap))
            return _kept[key, with_overlap]
    counted = counted_apart if library.has_own_sql(name, with_others=with_overlap) else count
    found: Looked = counted(settings, shown, library, name, with_overlap=with_overlap)
    with _lock:
        _kept[key, with_overlap] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    _keep_size(key, found.members)
    return found


def size(settings: Settings, shown: Published, library: Library, name: str) -> int:
    """How many members an audience has. Raises as `look` does."""
    key = _key(settings, shown, library, name)
    with _lock:
        if key in _sizes:
            return _sizes[key]
    if library.has_own_sql(name):
        return look(settings, shown, library, name).members
    with _counted(settings, shown, library, name) as (_, steps):
        members = steps[-1].left
    _keep_size(key, members)
    return members


def count(
    settings: Settings, shown: Published, library: Library, name: str, *, with_overlap: bool = False
) -> Looked:
    """Count an audience in this process, which may stop no query that DuckDB does not interrupt."""
    with _counted(settings, shown, library, name, with_overlap=with_overlap) as (published, steps):
        sample = sample_masked(published.con, at_most=SAMPLE)
        shared = overlap(published, library, name, _key_of_home(settings)) if with_overlap else None
        return Looked(
            steps, sample, shared, tuple(unknown_values(published.con, compiled(published, library, name)))
        )


def kept_sizes(shown: Published) -> dict[Key, int]:
    """The sizes that are known of a generation's audiences."""
    with _lock:
        return {key: members for key, members in _sizes.items() if key[0] == shown.version}


def take_in_sizes(sizes: Mapping[Key, int]) -> None:
    """Know sizes that another process counted in the same generation."""
    for key, members in sizes.items():
        _keep_size(key, members)


def _keep_size(key: Key, members: int) -> None:
    with _lock:
        _sizes[key] = members
        while len(_sizes) > KEPT_SIZES:
            _sizes.popitem(last=False)


def _key(
    settings: Settings, shown: Published, library: Library, name: str, *, with_overlap: bool = False
) -> Key:
    """What an audience's members depend on: the generation, its rules, those of the audiences that it names, and where it has a contact
    cap what was proposed and answered so far; a query of the project's own is one of the rules.
    """
    audience = library.audience(name)
    others = repr(sorted(library.audiences.items())) if with_overlap or audience.references() else ""
    if audience.contact_cap is not None and settings.state_path.exists():
        others += f"|{settings.state_path.stat().st_mtime_ns}"
    if library.has_own_sql(name, with_others=with_overlap):
        others += f"|{library.own_queries()}"
    return (shown.version, name, repr(audience), others)


@contextmanager
def _counted(
    settings: Settings, shown: Published, library: Library, name: str, *, with_overlap: bool = False
) -> Iterator[tuple[PublishedFile, list[Step]]]:
    """The waterfall of an audience, and the open file with everybody's step in it."""
    known = columns(settings, shown)
    statement = compile_audience(name, library, known, shown.as_of_date(), contact_schema=CONTACT_SCHEMA)  # type: ignore[arg-type]
    needs_clear = with_overlap or statement.needs_contact_file
    audience = library.audience(name)
    with _opened(
        settings,
        shown,
        with_contact_file=needs_clear and shown.contact_path is not None,
        attach=attached_to_read if audience.contact_cap is not None else None,
    ) as published:
        capped = None
        if audience.contact_cap is not None:
            capped = capped_customers(published, load_destinations(settings), name, audience)
        yield published, waterfall(published, library, name, _key_of_home(settings), capped=capped)


def _key_of_home(settings: Settings) -> bytes:
    try:
        return load_key(settings)
    except KeyProblem:
        raise ActivationProblem(
            "holdouts are drawn by the home's key, and it is not there",
            "ONEFOLD_KEY, or the file `key` of the home",
            "restore it from the backup; a demo's home needs its inbox named, too (ONEFOLD_INBOX)",
        ) from None


@contextmanager
def _opened(
    settings: Settings,
    shown: Published,
    *,
    with_contact_file: bool,
    attach: Callable[[duckdb.DuckDBPyConnection, Settings], AbstractContextManager[None]] | None = None,
) -> Iterator[PublishedFile]:
    """The shown generation for one question, stopped when its time is over."""
    files = PublishedFiles(shown.generation, Path(shown.marts_path), Path(shown.contact_path or ""))
    with open_published(
        settings,
        with_contact_file=with_contact_file,
        scratch=Path(spill_folder(shown)),
        limits={"memory_limit": MEMORY, "threads": THREADS, "max_temp_directory_size": SPILLED},
        files=files,
        attach=attach,
    ) as published:
        timer = threading.Timer(LIMITS.seconds, published.con.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield published
        except duckdb.InterruptException as error:
            raise QueryStopped("an audience took more than its time") from error
        except duckdb.CatalogException as error:
            raise ActivationProblem(
                "the published file lacks a table that the audience asks",
                published.generation,
                "`onefold run` builds it",
            ) from error
        finally:
            timer.cancel()
