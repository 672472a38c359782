"""What the audience pages ask of the published file: the waterfall of an audience, a masked sample, and what it shares with others."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from cdp_assets.activation.compiler import compile_audience
from cdp_assets.activation.library import Library
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.activation.published_file import CONTACT_SCHEMA, PublishedFile, open_published
from cdp_assets.activation.rules import Columns
from cdp_assets.activation.waterfall import Step, overlap, sample_masked, waterfall
from cdp_assets.keys import load_key
from cdp_assets.settings import Settings
from cdp_assets.web.published import SECONDS, Published, QueryStopped

KEPT, SAMPLE = 60, 20


@dataclass(frozen=True)
class Looked:
    """What an audience comes to in one generation. sample: masked members; shared: per other audience, None where not asked for."""

    steps: list[Step]
    sample: list[dict[str, Any]]
    shared: list[dict[str, Any]] | None

    @property
    def members(self) -> int:
        return self.steps[-1].left


_kept: OrderedDict[tuple[object, ...], Looked] = OrderedDict()
_columns: dict[str, Columns] = {}
_lock = threading.Lock()


def columns(settings: Settings, shown: Published) -> Columns:
    """Mart → column → type of the shown generation, with the contact file's where there is one."""
    if shown.version not in _columns:
        with _opened(settings, with_contact_file=shown.contact_path is not None) as published:
            _columns.clear()
            _columns[shown.version] = published.columns
    return _columns[shown.version]


def look(
    settings: Settings, shown: Published, library: Library, name: str, *, with_overlap: bool = False
) -> Looked:
    """Count an audience. Raises ActivationProblem where it does not fit the file, QueryStopped after ten seconds."""
    others = (
        repr(sorted(library.audiences.items())) if with_overlap or library.audience(name).references() else ""
    )
    key = (shown.version, name, repr(library.audience(name)), others, with_overlap)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    known = columns(settings, shown)
    statement = compile_audience(name, library, known, shown.as_of_date(), contact_schema=CONTACT_SCHEMA)  # type: ignore[arg-type]
    needs_clear = with_overlap or statement.needs_contact_file
    with _opened(settings, with_contact_file=needs_clear and shown.contact_path is not None) as published:
        secret = load_key(settings)
        steps = waterfall(published, library, name, secret)
        sample = sample_masked(published.con, at_most=SAMPLE)
        found = Looked(steps, sample, overlap(published, library, name, secret) if with_overlap else None)
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


@contextmanager
def _opened(settings: Settings, *, with_contact_file: bool) -> Iterator[PublishedFile]:
    """The current generation for one question, stopped when its time is over."""
    with open_published(settings, with_contact_file=with_contact_file) as published:
        timer = threading.Timer(SECONDS, published.con.interrupt)
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
