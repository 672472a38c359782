"""One release of a shared table: who is in it, charged, noised once, written with a card that says what was protected.

Only people who granted sharing are counted, each in one cell, each value clipped by SQL. The file that stands is never drawn again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdp_assets.activation.published_file import PublishedFile, open_published
from cdp_assets.landing.files import hash_file, make_private_dir, replacing
from cdp_assets.settings import Settings
from cdp_assets.sharing import budget, noise
from cdp_assets.sharing.definition import Share
from cdp_assets.sharing.problems import SharingProblem
from cdp_assets.sql_text import identifier
from cdp_assets.state import connect_state

Cell = tuple[tuple[str, ...], int, tuple[int, ...]]  # keys, people, sums in hundredths


@dataclass(frozen=True)
class Released:
    """Where it lies; cells told, and cells that were too small (both after noise); people whose budget was spent; whether it stood already."""

    path: Path
    card: Path
    cells: int = 0
    withheld: int = 0
    left_out: int = 0
    stood: bool = False


def release(settings: Settings, share: Share) -> Released:
    """Release a share of the current generation. Raises SharingProblem, ActivationProblem."""
    noise.library()  # before anybody is charged
    with open_published(settings) as published:
        year, release_id = published.as_of.year, _release_id(share, published.generation)
        folder = settings.home / "share" / share.partner / str(year)
        # a changed definition is another release: what the partner may have by now is never written over
        target = folder / f"{share.name}-{published.generation}-{release_id[:8]}.csv"
        card = target.with_suffix(".card.json")
        with connect_state(settings, read_only=True) as con:
            stands, charged = budget.charged(con, release_id)
            written = budget.sha256_of(con, release_id)
            spent = budget.left_out(con, share, year, settings.share_epsilon, settings.share_delta)
        if not stands and _is_written(card, target, release_id):  # the process died before it could say so
            budget.close(settings, release_id, hash_file(target))
            stands, written = True, hash_file(target)
        if stands:
            _check_stands(target, written)
            return Released(target, card, stood=True)
        people = _people(published, share)
        chosen = charged or [each for each in people if each not in spent]
        cells = _cells(published.con, share, chosen)
        budget.charge(settings, share, release_id, year, published.generation, chosen)
    told, withheld = _noised(share, cells)
    make_private_dir(folder)
    table = _table(share, told)
    described = _card(share, published, told, release_id, hashlib.sha256(table.encode()).hexdigest())
    for path, content in ((card, described), (target, table)):
        with replacing(path) as temporary:
            temporary.write_text(content, encoding="utf-8")
    budget.close(settings, release_id, hash_file(target))
    return Released(target, card, len(told), withheld, len(set(people) & spent) if not charged else 0)


def _check_stands(target: Path, sha256: str | None) -> None:
    """Raises SharingProblem where the table is not the one that was released: its noise is not drawn again."""
    if not target.exists() or hash_file(target) != sha256:
        raise SharingProblem(
            "the table was removed or changed since it was released, and is not drawn again",
            str(target),
            "bring it back from a backup; or the next generation's release draws new noise, and is charged",
        )


def _is_written(card: Path, target: Path, release_id: str) -> bool:
    """Whether the table that lies there is of this release: its card, written before it, says so."""
    if not (card.exists() and target.exists()):
        return False
    said = json.loads(card.read_text(encoding="utf-8"))
    return (said.get("release"), said.get("table_sha256")) == (release_id, hash_file(target))


def _release_id(share: Share, generation: str) -> str:
    definition = share.model_dump_json(by_alias=True)
    return hashlib.sha256(f"{generation}\0{definition}".encode()).hexdigest()[:32]


def _people(published: PublishedFile, share: Share) -> list[str]:
    """Everybody in the mart who granted sharing. Raises SharingProblem where the mart is not one row per customer, or lacks a column."""
    columns = published.columns.get(share.source, {})
    wanted = ["customer_id", *share.per, *(each.column for each in share.sums)]
    if missing := [name for name in wanted if name not in columns]:
        raise SharingProblem(
            f"the mart {share.source} has no column {missing[0]}" if columns else f"no mart is named {share.source}",
            f"share/{share.name}.yaml", "choose a mart with one row per customer, such as customer_rfm, and columns of it",
        )  # fmt: skip
    mart = f"marts.{identifier(share.source)}"
    ((rows, customers),) = published.con.execute(
        f"select count(*), count(distinct customer_id) from {mart}"
    ).fetchall()
    if rows != customers:
        raise SharingProblem(
            f"the mart {share.source} has {rows:,} rows for {customers:,} customers: one person could stand in several cells",
            f"share/{share.name}.yaml", "choose a mart with one row per customer",
        )  # fmt: skip
    found = published.con.execute(
        f"select customer_id from {mart} semi join (from marts.customers where is_sharing_allowed) using (customer_id) order by 1"
    ).fetchall()
    return [row[0] for row in found]


def _cells(con: duckdb.DuckDBPyConnection, share: Share, people: Sequence[str]) -> list[Cell]:
    """Exact counts and bounded sums per cell, over these people; with public keys every combination of them, and no other."""
    con.execute(
        "create or replace temp table chosen as select unnest(?::varchar[]) as customer_id", [list(people)]
    )
    keys = [f"coalesce({identifier(name)}::varchar, '')" for name in share.per]
    bounds = [bound for each in share.sums for bound in (each.lower, each.upper)]
    sums = "".join(
        f", sum(round(100 * least(greatest(coalesce({identifier(each.column)}::double, 0), ?), ?))::bigint)::bigint"
        for each in share.sums
    )
    rows = con.execute(
        f"select [{', '.join(keys)}], count(*){sums} from marts.{identifier(share.source)} semi join chosen using (customer_id) group by 1 order by 1",
        bounds,
    ).fetchall()
    found = {tuple(row[0]): (int(row[1]), tuple(int(value) for value in row[2:])) for row in rows}
    if not share.has_public_keys:
        return [(key, *cell) for key, cell in found.items()]
    nothing = (0, (0,) * len(share.sums))
    return [
        (key, *found.get(key, nothing))
        for key in itertools.product(*(share.keys[name] for name in share.per))
    ]


def _noised(share: Share, cells: Sequence[Cell]) -> tuple[list[Cell], int]:
    count = noise.laplace(1, share.epsilon_each)
    sums = [noise.laplace(each.reach, share.epsilon_each) for each in share.sums]
    least = noise.least_count(share.epsilon_each, 0 if share.has_public_keys else share.delta, share.k)
    drawn = [
        (key, count(people), tuple(draw(value) for draw, value in zip(sums, values, strict=True)))
        for key, people, values in cells
    ]
    told = [cell for cell in drawn if cell[1] >= least]
    return told, len(drawn) - len(told)


def _table(share: Share, cells: Sequence[Cell]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([*share.per, "people", *(f"sum_of_{each.column}" for each in share.sums)])
    writer.writerows([*key, people, *(f"{value / 100:.2f}" for value in sums)] for key, people, sums in cells)
    return written.getvalue()


def _card(
    share: Share, published: PublishedFile, cells: Sequence[Cell], release_id: str, table_sha256: str
) -> str:
    """What was protected, for whoever gets the table; no exact figure stands in it."""
    each = share.epsilon_each
    told = {
        "share": share.name, "partner": share.partner, "as_of": published.as_of.isoformat(), "generation": published.generation,
        "who_is_counted": "customers who granted sharing and whose budget with this partner was not spent, each in one cell",
        "per": share.per, "keys_are_public": share.has_public_keys,
        "epsilon": share.epsilon, "delta": 0 if share.has_public_keys else share.delta,
        "noise": "discrete Laplace (OpenDP), drawn once; each person's presence or values change any result's probability by at most a factor e^epsilon",
        "least_people_told": noise.least_count(each, 0 if share.has_public_keys else share.delta, share.k),
        "people": {"epsilon": each, "95_percent_within": round(noise.half_width(1, each), 1)},
        "sums": [
            {"column": s.column, "clipped_to": [s.lower, s.upper], "epsilon": each, "95_percent_within": round(noise.half_width(s.reach, each) / 100, 2)}
            for s in share.sums
        ],
        "cells": len(cells), "release": release_id, "table_sha256": table_sha256,
    }  # fmt: skip
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"
