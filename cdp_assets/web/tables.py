"""From a data frame to a table block: headings with the marts' definitions, cells in words, sorted and paged by the address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from cdp_assets.web.blocks import Cell, Column, Table, records
from cdp_assets.web.formats import NOTHING, nothing
from cdp_assets.web.view import View
from cdp_assets.web.visible import hidden

ROWS = 50
ID = re.compile(r"[0-9a-f]{32}")  # of customers and records: tables show how it begins, files have it whole
Order = tuple[
    pd.DataFrame, str | None, str
]  # rows in their order, the column that gives it, and its direction
Link = Callable[[Mapping[str, Any]], str | None]
FAMILIES = {
    "marketing_channel": "marketing_channels", "attribution_model": "models", "segment": "segments_of_customers",
    "from_segment": "segments_of_customers", "to_segment": "segments_of_customers", "stage": "stages", "from_stage": "stages",
    "to_stage": "stages", "reason_code": "reasons", "reason": "reasons", "record_kind": "record_kinds", "order_status": "order_statuses",
    "contact_role": "contact_roles", "identifier_type": "identifier_types", "time_window": "time_windows", "title": "indicators",
    "finding": "findings", "comparison": "comparisons", "guard": "guards", "event": "id_events", "remedy": "remedies",
    "message": "messages", "match_key": "match_keys", "metric_group": "metric_groups", "dimension": "dimensions",
    "gender": "genders", "fulfilment_type": "fulfilment_types", "fate": "columns", "customer_type": "customer_types",
    "acquisition_channel": "marketing_channels", "from_state": "marketing_channels", "to_state": "marketing_channels",
    "attribute": "attributes", "rule": "rules", "channel_breadth": "values", "contact_type": "contact_types",
    "decided_by_signal": "signals", "signal": "signals", "legal_basis": "legal_bases", "line_kind": "line_kinds", "outcome": "outcomes",
    "parked_reason": "parked_reasons", "payment_kind": "payment_kinds", "purpose": "purposes", "tender": "tenders",
    "touch_type": "touch_types", "unit": "units", "unreachable_reason": "unreachable_reasons", "edge_kind": "edge_kinds",
    "verdict": "model_verdicts", "owner": "owners", "reconciliation": "reconciliations", "message_pattern": "messages",
    "channel": "channels", "channels": "channels", "first_channel": "channels", "later_channels": "channels", "lane": "channels",
    "preferred_channel": "channels",
}  # fmt: skip
NONE: Mapping[str, Any] = MappingProxyType({})
NAMES = {"channels"}  # families of proper names, several of which may stand in one text


def table(
    view: View,
    key: str,
    data: pd.DataFrame,
    *sources: str,
    names: Sequence[str] = (),
    shares: Sequence[str] = (),
    links: Mapping[str, Link] = NONE,
    families: Mapping[str, str] = NONE,
    tones: Mapping[str, Mapping[str, str]] = NONE,
    meters: Sequence[str] = (),
    headings: Mapping[str, str] = NONE,
    rows: int = ROWS,
    sortable: bool = True,
    caption: str = "",
    is_export: bool = True,
    numbers: Sequence[str] = (),
    group: str = "",
    meanings: Sequence[tuple[str, str]] = (),
    also: Sequence[str] = (),
) -> Table:
    """A table whose headings carry the definitions of the marts it comes from; nothing is cut without a word.

    shares: columns from 0 to 1 shown in percent beside those whose name says so. links: column → address of a row. families:
    column → family of its codes in the catalogue. tones: column → tone per value. meters: columns from 0 to 1 drawn as bars.
    numbers: columns whose texts are numbers. group: a column of words that head the rows below them. meanings: what is explained beside the columns.
    also: columns that files have and the page does not show.
    Columns that the person's roles do not see are left out, of files too.
    """
    unseen = hidden(view.settings, view.shown, view.who.columns, sources)
    shown_names = [name for name in map(str, names or data.columns) if name not in {*unseen, group}]
    order = _sorted(view, key, data, shown_names) if sortable else (data, None, "")
    first, previous_link, next_link = _paging(view, key, rows, len(data))
    page = order[0].iloc[first - 1 : first - 1 + rows]
    numeric = [name for name in shown_names if _is_numeric(data[name])]
    comments = view.definitions(*sources)
    titles = {name: headings.get(name) or view.label(name) for name in shown_names}
    columns = _columns(view, key, titles, comments, {*numbers, *numeric}, order if sortable else None)
    decimals = {name: view.formats.decimals(name, data[name]) for name in numeric}
    cells = _Cells(view, shares, links, {**FAMILIES, **families}, tones, meters, decimals)
    drawn = [[cells.cell(name, row) for name in shown_names] for row in records(page)]
    return Table(
        key, columns, drawn, data[[*shown_names, *sorted(set(also) - unseen)]], len(data), first,
        previous_link=previous_link,
        next_link=next_link,
        downloads=view.downloads(key) if is_export and shown_names and len(data) > 0 else {},
        caption=caption,
        groups=list(page[group].astype(str)) if group else [],
        meanings=[*((column.heading, column.definition) for column in columns if column.definition), *meanings],
    )  # fmt: skip


def _columns(
    view: View, key: str, titles: Mapping[str, str], comments: Mapping[str, str], numeric: set[str], order: Order | None
) -> list[Column]:  # fmt: skip
    """The headings of a table; order: how its rows stand, None where nobody may change it."""
    by, direction = (order[1], order[2]) if order else (None, "")
    return [
        Column(
            name, title, comments.get(name), is_number=name in numeric,
            sort_link=_sort_link(view, key, name, order), sorted=direction if name == by else None,
        )
        for name, title in titles.items()
    ]  # fmt: skip


def _paging(view: View, key: str, rows: int, total: int) -> tuple[int, str | None, str | None]:
    """The first row that is shown, and the addresses of the rows before and after, where there are any."""
    asked = max(view.whole(f"{key}.from", 1), 1)
    first = asked if asked <= total else 1
    before = view.link(**{f"{key}.from": max(first - rows, 1)}) if first > 1 else None
    after = view.link(**{f"{key}.from": first + rows}) if first - 1 + rows < total else None
    return first, before, after


def _is_numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def seldom(data: pd.DataFrame, *names: str) -> list[str]:
    """Those of some columns that say anything in a table: not only blanks and zeros."""
    return [name for name in names if data[name].replace(0, None).notna().any()]


def _sorted(view: View, key: str, data: pd.DataFrame, names: Sequence[str]) -> Order:
    asked = view.one(f"{key}.sort")
    by, _, direction = asked.partition("~")
    if by not in names:
        return data, None, ""
    ordered = data.sort_values(
        by, ascending=direction != "desc", na_position="last", kind="stable", key=_comparable
    )
    return ordered, by, "descending" if direction == "desc" else "ascending"


def _comparable(values: pd.Series) -> pd.Series:
    """Lists and the like are compared by their text."""
    return (
        values.map(str)
        if values.dtype == object and not values.map(lambda v: isinstance(v, str) or nothing(v)).all()
        else values
    )


def _sort_link(view: View, key: str, name: str, order: Order | None) -> str | None:
    """The address that sorts by a column, or turns the order round; none where there is nothing to sort."""
    if order is None or len(order[0]) < 2:
        return None
    data, by, direction = order
    starts_down = pd.api.types.is_numeric_dtype(data[name])
    down = direction == "ascending" if name == by else starts_down
    return view.link(**{f"{key}.sort": f"{name}~{'desc' if down else 'asc'}", f"{key}.from": None})


@dataclass(frozen=True)
class _Cells:
    """How the cells of a table are written; see `table`. decimals: of columns of numbers."""

    view: View
    shares: Sequence[str]
    links: Mapping[str, Link]
    families: Mapping[str, str]
    tones: Mapping[str, Mapping[str, str]]
    meters: Sequence[str]
    decimals: Mapping[str, int | None]

    def cell(self, name: str, row: Mapping[str, Any]) -> Cell:
        value = row[name]
        if isinstance(value, Cell):
            return value
        if nothing(value):
            return Cell(NOTHING, kind="word")
        if name in self.meters:
            return Cell(self.view.formats.share(value), kind="meter", share=min(max(float(value), 0), 1))
        href = self.links[name](row) if name in self.links else None
        if isinstance(value, bool) or type(value).__name__ == "bool":
            return Cell(self.view.t("words.yes" if value else "words.no"), href, "word")
        tone = self.tones.get(name, {}).get(str(value), "")
        if isinstance(value, str):
            return self._text(value, self.families.get(name, "none"), href, tone)
        if name == "change" and name in self.shares:
            return Cell(self.view.formats.change(value), href, tone or "data")
        said = self.view.formats.cell(
            name, value, is_share=name in self.shares, decimals=self.decimals.get(name)
        )
        return Cell(said, href, tone or "data")

    def _text(self, value: str, family: str, href: str | None, tone: str) -> Cell:
        """A code in words, an id by its beginning, other text as it is."""
        if family in NAMES:
            return Cell(self.view.texts.names(value, family), href, tone or "data")
        said = None if family == "none" else self.view.texts.said(value, family)
        if said is not None:
            return Cell(said, href, tone or "word")
        if ID.fullmatch(value):
            return Cell(value[:8] + "…", href, tone or "data", whole=value)
        return Cell(value, href, tone or "data")
