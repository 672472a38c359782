"""From a data frame to a table block: headings with the marts' definitions, cells in words, sorted and paged by the address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from cdp_assets.web.blocks import Cell, Column, Table, records
from cdp_assets.web.formats import NOTHING, nothing
from cdp_assets.web.view import View
from cdp_assets.web.visible import hidden

ROWS = 50
ID = re.compile(r"[0-9a-f]{32}")  # of customers and records: tables show how it begins, files have it whole
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
}  # fmt: skip


def table(
    view: View,
    key: str,
    data: pd.DataFrame,
    *sources: str,
    names: Sequence[str] = (),
    shares: Sequence[str] = (),
    links: Mapping[str, Link] | None = None,
    families: Mapping[str, str] | None = None,
    tones: Mapping[str, Mapping[str, str]] | None = None,
    meters: Sequence[str] = (),
    headings: Mapping[str, str] | None = None,
    rows: int = ROWS,
    sortable: bool = True,
    caption: str = "",
    is_export: bool = True,
) -> Table:
    """A table whose headings carry the definitions of the marts it comes from; nothing is cut without a word.

    shares: columns from 0 to 1 shown in percent beside those whose name says so. links: column → address of a row. families:
    column → family of its codes in the catalogue. tones: column → tone per value. meters: columns from 0 to 1 drawn as bars.
    Columns that the person's roles do not see are left out, of files too.
    """
    unseen = hidden(view.settings, view.shown, view.who.columns, sources) if sources else frozenset()
    shown_names = [str(name) for name in (names or data.columns) if str(name) not in unseen]
    ordered, by, direction = _sorted(view, key, data, shown_names) if sortable else (data, None, "")
    first = max(view.whole(f"{key}.from", 1), 1)
    if first > len(ordered):
        first = 1
    page = ordered.iloc[first - 1 : first - 1 + rows]
    comments = view.definitions(*sources) if sources else {}
    columns = [
        Column(
            name,
            (headings or {}).get(name) or view.label(name),
            comments.get(name),
            is_number=pd.api.types.is_numeric_dtype(data[name])
            and not pd.api.types.is_bool_dtype(data[name]),
            sort_link=_sort_link(view, key, name, by, direction, data)
            if sortable and len(data) > 1
            else None,
            sorted=direction if name == by else None,
        )
        for name in shown_names
    ]
    drawn = [
        [
            _cell(view, name, row, shares, links or {}, {**FAMILIES, **(families or {})}, tones or {}, meters)
            for name in shown_names
        ]
        for row in records(page)
    ]
    return Table(
        key, columns, drawn, data[shown_names], len(data), first,
        previous_link=view.link(**{f"{key}.from": max(first - rows, 1)}) if first > 1 else None,
        next_link=view.link(**{f"{key}.from": first + rows}) if first - 1 + rows < len(data) else None,
        downloads=view.downloads(key) if is_export and len(data) else {},
        caption=caption,
    )  # fmt: skip


def _sorted(
    view: View, key: str, data: pd.DataFrame, names: Sequence[str]
) -> tuple[pd.DataFrame, str | None, str]:
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


def _sort_link(view: View, key: str, name: str, by: str | None, direction: str, data: pd.DataFrame) -> str:
    starts_down = pd.api.types.is_numeric_dtype(data[name])
    down = direction == "ascending" if name == by else starts_down
    return view.link(**{f"{key}.sort": f"{name}~{'desc' if down else 'asc'}", f"{key}.from": None})


def _cell(
    view: View, name: str, row: Mapping[str, Any], shares: Sequence[str], links: Mapping[str, Link],
    families: Mapping[str, str], tones: Mapping[str, Mapping[str, str]], meters: Sequence[str],
) -> Cell:  # fmt: skip
    value = row[name]
    if isinstance(value, Cell):
        return value
    href = links[name](row) if name in links and not nothing(value) else None
    if nothing(value):
        return Cell(NOTHING, kind="word")
    if name in meters:
        return Cell(view.formats.number(value, 1), kind="meter", share=min(max(float(value), 0), 1))
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return Cell(view.t("words.yes" if value else "words.no"), href, "word")
    tone = tones.get(name, {}).get(str(value), "")
    if isinstance(value, str):
        return _text_cell(view, value, families.get(name, "none"), href, tone)
    return Cell(view.formats.cell(name, value, is_share=name in shares), href, tone or "data")


def _text_cell(view: View, value: str, family: str, href: str | None, tone: str) -> Cell:
    """A code in words, an id by its beginning, other text as it is."""
    said = None if family == "none" else view.texts.said(value, family)
    if said is not None:
        return Cell(said, href, tone or "word")
    if ID.fullmatch(value):
        return Cell(value[:8] + "…", href, tone or "data", whole=value)
    return Cell(value, href, tone or "data")
