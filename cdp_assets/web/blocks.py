"""What a page is made of: sections that hold tables, pictures, figures, notes and forms. Templates draw them; no query here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeAlias
from unicodedata import east_asian_width

import pandas as pd

if TYPE_CHECKING:
    from cdp_assets.web.view import View

P = ParamSpec("P")
LONG_FIGURE = 10
LONG_ID = 22  # a text without a blank that is longer may break anywhere
LONG = 28  # columns (a Chinese character takes two) from which a text may break into lines


def taken_by(text: str) -> int:
    """How many columns a text takes: a Chinese character two."""
    return len(text) + sum(east_asian_width(each) in "WF" for each in text)


@dataclass(frozen=True)
class Column:
    """A column's heading, the definition behind it, and how its cells stand."""

    name: str
    heading: str
    definition: str | None = None
    is_number: bool = False
    sort_link: str | None = None
    sorted: str | None = None  # ascending, descending


@dataclass(frozen=True)
class Cell:
    """A value as text. kind: data (a value that no language translates), word, code, good, watch, bad, meter."""

    text: str
    href: str | None = None
    kind: str = "data"
    share: float | None = None  # of a meter, 0 to 1
    whole: str = ""  # what a shortened id is short for

    @property
    def width(self) -> str:
        """How the cell breaks: dates and short words never, sentences between words, long ids anywhere."""
        taken = taken_by(self.text)
        if taken > LONG_ID and " " not in self.text:
            return "id"
        return "long" if taken > LONG else "short"


@dataclass(frozen=True)
class Table:
    """Rows of one page of a table, what they were made from (for exports), and where the rest is."""

    key: str
    columns: list[Column]
    rows: list[list[Cell]]
    data: pd.DataFrame
    total: int
    first: int = 1
    previous_link: str | None = None
    next_link: str | None = None
    downloads: dict[str, str] = field(default_factory=dict)
    caption: str = ""
    groups: list[str] = field(
        default_factory=list
    )  # of each row, the words over it and those of the same group
    meanings: list[tuple[str, str]] = field(default_factory=list)  # what is explained under the table
    kind: str = "table"


@dataclass(frozen=True)
class Picture:
    """A chart: its address, what it says in words, and the narrowest drawing in which it can be read."""

    key: str
    title: str
    address: str  # without an ending
    alt: str
    narrowest: str = "narrow"  # of pictures.WIDTHS
    kind: str = "picture"


@dataclass(frozen=True)
class Figure:
    """One headline figure, with its change and a small line of its past."""

    label: str
    value: str
    help: str | None = None
    change: str | None = None
    tone: str = ""  # good, bad or nothing
    points: str = ""  # of an SVG polyline in a box of 100 × 24
    marks: list[str] = field(default_factory=list)
    href: str | None = None

    @property
    def is_long(self) -> bool:
        """Whether the value takes smaller letters."""
        return taken_by(self.value) > LONG_FIGURE


@dataclass(frozen=True)
class Figures:
    """Headline figures side by side."""

    figures: list[Figure]
    kind: str = "figures"


@dataclass(frozen=True)
class Note:
    """A sentence. tone: plain, empty (what would stand here), warning, error, done."""

    text: str
    tone: str = "plain"
    href: str | None = None
    link: str = ""
    code: str = ""
    kind: str = "note"


@dataclass(frozen=True)
class Field:
    """One control of a form of filters. kind: select, radio, checks, text, date."""

    name: str
    label: str
    kind: str
    options: list[tuple[str, str]] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    hint: str = ""
    are_names: bool = False  # what is chosen among are proper names, which no language translates


@dataclass(frozen=True)
class Filters:
    """Controls that apply to everything under them; their state is in the page's address."""

    fields: list[Field]
    address: str
    kept: list[tuple[str, str]]
    submit: str
    kind: str = "filters"

    @property
    def is_automatic(self) -> bool:
        """Whether a choice alone applies it where scripts run, without a button."""
        return all(each.kind in {"select", "radio"} for each in self.fields)


ROW_WIDTHS = {"halves": "half", "third": "narrow"}  # of charts, by the shape of the row they stand in


@dataclass(frozen=True)
class Row:
    """Blocks or sections side by side on wide screens, below each other on narrow ones. shape: halves, third, wide."""

    blocks: list[Any]
    shape: str = "halves"
    kind: str = "row"


@dataclass(frozen=True)
class Region:
    """Blocks that a form above them renews in place, told to screen readers when they change."""

    key: str
    blocks: list[Any]
    kind: str = "region"


@dataclass(frozen=True)
class Part:
    """What has a template of its own: `part_<template>.html` with these values."""

    template: str
    values: dict[str, Any]
    kind: str = "part"


@dataclass(frozen=True)
class Section:
    """A heading with its explanation, and what stands under it."""

    key: str
    title: str
    help: str
    blocks: list[Any]
    kind: str = "section"


Block: TypeAlias = Table | Picture | Figures | Note | Filters | Row | Region | Part | Section
Blocks: TypeAlias = Iterable[Any]  # of Block; a list of several kinds is no list of one union to mypy
Build: TypeAlias = Callable[Concatenate["View", P], Blocks]


def missing_marts(view: View, needs: Sequence[str]) -> list[Any]:
    """A note that names the marts which the published generation lacks; nothing where it has all of them."""
    missing = view.shown.missing(needs)
    if not missing:
        return []
    text = view.t("frame.missing_marts", generation=view.shown.generation, marts=", ".join(missing))
    return [Note(text, "empty")]


def section(key: str, *needs: str) -> Callable[[Build[P]], Callable[Concatenate[View, P], Section]]:
    """A part of a page with its heading; where a mart it needs is not published, it says so instead of being drawn."""

    def decorate(build: Build[P]) -> Callable[Concatenate[View, P], Section]:
        @wraps(build)
        def built(view: View, /, *args: P.args, **kwargs: P.kwargs) -> Section:
            blocks = missing_marts(view, needs) or list(build(view, *args, **kwargs))
            return Section(key, view.t(f"{key}.title"), view.texts.known(f"{key}.help", ""), blocks)

        return built

    return decorate


def pictures_with_widths(blocks: Iterable[Any], width: str = "wide") -> Iterable[tuple[Picture, str]]:
    """Every picture, with the width that the place where it stands gives it (see `pictures.WIDTHS`)."""
    for block in blocks:
        if isinstance(block, Picture):
            yield block, width
        inner = ROW_WIDTHS.get(block.shape, width) if isinstance(block, Row) else width
        yield from pictures_with_widths(getattr(block, "blocks", []), inner)


def all_blocks(blocks: Iterable[Any]) -> Iterable[Any]:
    """Every block, those within sections and rows too."""
    for block in blocks:
        yield block
        yield from all_blocks(getattr(block, "blocks", []))


def polyline(values: Sequence[float]) -> str:
    """The points of a small line in a box of 100 × 24; nothing for fewer than two values."""
    if len(values) < 2:
        return ""
    least, greatest = min(values), max(values)
    reach = (greatest - least) or 1.0
    step = 100 / (len(values) - 1)
    return " ".join(
        f"{at * step:.1f},{22 - 20 * (value - least) / reach:.1f}" for at, value in enumerate(values)
    )


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table by column name."""
    names = [str(name) for name in table.columns]
    columns = [table.iloc[:, at].tolist() for at in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
