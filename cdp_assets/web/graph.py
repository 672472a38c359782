"""The identity of a customer as a picture: records as circles, what connects them as lines, what was refused dashed.

Drawn by a template, within the page, since it shows one customer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cdp_assets.web.blocks import records as records_of
from cdp_assets.web.theme import CATEGORIES

WIDTH, HEIGHT, MARGIN = 760, 420, 40
DRAWN_AT_MOST, ROUNDS = 80, 120


@dataclass(frozen=True)
class Dot:
    """A record at its place."""

    x: float
    y: float
    colour: str
    words: str
    is_other: bool
    is_later: bool


@dataclass(frozen=True)
class Line:
    """An edge between two places; width by its weight."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str
    width: float
    is_refused: bool
    words: str


@dataclass(frozen=True)
class Graph:
    """The picture, and how many records it leaves out."""

    dots: list[Dot]
    lines: list[Line]
    channels: list[tuple[str, str]]  # channel, colour
    left_out: int


def lay_out(records: pd.DataFrame, edges: pd.DataFrame, until: pd.Timestamp | None) -> Graph:
    """records: the customer's, one row per record_key; edges: among them, and refused ones with others'. until: later records are pale."""
    own = _most_connected(records, edges)
    keys = list(own["record_key"])
    known = set(keys)
    touching = edges[edges["record_key_l"].isin(known) | edges["record_key_r"].isin(known)]
    others = [
        key
        for key in pd.unique(touching[["record_key_l", "record_key_r"]].to_numpy().ravel())
        if key not in known and key not in set(records["record_key"])
    ]
    names = [*keys, *others[:20]]
    place = {key: at for at, key in enumerate(names)}
    kept = [
        row for row in records_of(touching) if row["record_key_l"] in place and row["record_key_r"] in place
    ]
    spots = _spots(len(names), [(place[row["record_key_l"]], place[row["record_key_r"]]) for row in kept])
    channels = sorted(set(own["channel"]))
    colours = {channel: CATEGORIES[at % len(CATEGORIES)] for at, channel in enumerate(channels)}
    dots = [_dot(row, spots[place[row["record_key"]]], colours, until) for row in records_of(own)]
    dots += [Dot(*spots[place[key]], "#ffffff", key[:12], True, False) for key in names[len(keys) :]]
    lines = [_line(row, spots[place[row["record_key_l"]]], spots[place[row["record_key_r"]]]) for row in kept]
    return Graph(dots, lines, list(colours.items()), len(records) - len(own))


def _most_connected(records: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """As many records as are drawn: those that most edges hang on, in the order of the table."""
    if len(records) <= DRAWN_AT_MOST:
        return records
    ends = pd.concat([edges["record_key_l"], edges["record_key_r"]]).value_counts()
    degree = records["record_key"].map(ends).fillna(0)
    return records.loc[degree.sort_values(ascending=False, kind="stable").index[:DRAWN_AT_MOST].sort_values()]


def _spots(count: int, edges: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Places by springs (Fruchterman and Reingold): all push each other away, edges pull; the same records lie the same every time."""
    if count < 2:
        return [(WIDTH / 2, HEIGHT / 2)] * count
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    places = np.column_stack([np.cos(angles), np.sin(angles)])
    pulls = np.zeros((count, count))
    for left, right in edges:
        pulls[left, right] = pulls[right, left] = 1.0
    wanted = 1 / np.sqrt(count)
    for heat in np.linspace(0.15, 0.005, ROUNDS):
        apart = places[:, None, :] - places[None, :, :]
        far = np.maximum(np.linalg.norm(apart, axis=2), 0.01)
        force = (wanted**2 / far**2 - pulls * far / wanted)[:, :, None] * apart
        moved = force.sum(axis=1)
        length = np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        places = places + moved / length * np.minimum(length, heat)
    least, reach = places.min(axis=0), np.maximum(np.ptp(places, axis=0), 1e-9)
    fitted = MARGIN + (places - least) / reach * (np.array([WIDTH, HEIGHT]) - 2 * MARGIN)
    return [(round(float(x), 1), round(float(y), 1)) for x, y in fitted]


def _dot(
    row: dict[str, object], spot: tuple[float, float], colours: dict[str, str], until: pd.Timestamp | None
) -> Dot:
    made = row["created_at"]
    is_later = until is not None and isinstance(made, pd.Timestamp) and made > until
    words = f"{row['channel']} · {row['masked_full_name'] or '–'}"
    return Dot(*spot, colours[str(row["channel"])], words, False, is_later)


def _line(row: dict[str, object], start: tuple[float, float], end: tuple[float, float]) -> Line:
    weight = row["match_weight"]
    is_weighed = isinstance(weight, float) and weight == weight
    width = min(max(float(weight) / 6, 1.0), 5.0) if is_weighed else 1.5  # type: ignore[arg-type]
    words = f"{float(weight):+.1f}" if is_weighed else ""  # type: ignore[arg-type]
    return Line(*start, *end, str(row["edge_kind"]), width, bool(row["is_refused"]), words)
