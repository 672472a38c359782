"""Placeholders of a destination's templates: which there are where, and what a YAML gets wrong about them. How they are filled is `rendering`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdp_assets.activation.destination import Destination

ATTRIBUTES = ("customer_id", "given_name", "family_name")
"""What a row may say beside its key, where the YAML lists it."""
PLACE = re.compile(r"\$(keys?:[^\"$]+|[a-z_]+[12]?)")
ROWS = re.compile(r'"\$(?:rows|joined)"')
_KEYS = {"key", "part1", "part2", *ATTRIBUTES}  # of a row: each stands alone in its text
_WORDS = {"list", "operation", "field"}  # of a file
_EVENT = {"event_id", "order_id", "event_time", "epoch", "value", "currency", "adjustment", "identifiers"}


NO_KEY = "a row names nobody: write $key in it"


def wrong_placeholders(destination: Destination) -> list[str]:
    """What is wrong, in words: placeholders that nothing fills, and bodies without rows."""
    if destination.event is not None:
        return list(_wrong_events(destination))
    if destination.file.writer == "json":
        return list(_wrong_requests(destination))
    return list(_wrong_columns(destination))


def _wrong_requests(destination: Destination) -> Iterator[str]:
    for its in (destination.add, destination.remove):
        row = destination.file.row if its.row is None else its.row
        body = destination.file.body if its.body is None else its.body
        yield from _wrong_in(row, _KEYS, _WORDS | {"consents"})
        if not _names_key(row) and '"$joined"' not in json.dumps(body):
            yield NO_KEY
        yield from _wrong_body(body, _WORDS | {"rows", "joined", "consents"})


def _wrong_columns(destination: Destination) -> Iterator[str]:
    keys = _KEYS | {f"key:{each.field}" for each in destination.identifiers} | {"field"}
    words = {"list", "operation", *destination.consent_fields}
    tables = [
        destination.file.columns,
        destination.add.columns,
        destination.remove.columns,
        *(each.columns for each in destination.identifiers),
    ]
    for columns in tables:
        is_text = destination.file.writer == "lines"
        yield from _wrong_in(list((columns or {}).values()), keys, words if is_text else set())
        if columns and not _names_key(list(columns.values())):
            yield NO_KEY


def _wrong_events(destination: Destination) -> Iterator[str]:
    event = destination.event
    assert event is not None
    values = _EVENT | {f"keys:{each.field}" for each in destination.identifiers}
    words = {"event_name", "consents", "list", "adjusted_at"}
    pairs = [(destination.file.row, destination.file.body)]
    if event.takes_adjustments:
        pairs += [
            (event.adjustment_row, event.adjustment_body),
            (event.retraction_row, event.adjustment_body),
        ]
    for row, body in pairs:
        yield from _wrong_in(row, values, words)
        yield from _wrong_body({} if body is None else body, words | {"rows"})


def _names_key(template: Any) -> bool:
    return any(
        found[1].startswith(("key", "part")) for text in _texts(template) for found in PLACE.finditer(text)
    )


def _wrong_body(body: Any, words: set[str]) -> Iterator[str]:
    if body is None:  # one row a line
        return
    yield from _wrong_in(body, set(), words)
    if len(ROWS.findall(json.dumps(body))) != 1:
        yield "a body holds $rows or $joined once"


def _wrong_in(template: Any, values: set[str], words: set[str]) -> Iterator[str]:
    """`values` come from the row and stand alone in their text; `words` may stand in the midst of one."""
    for text in _texts(template):
        for found in PLACE.finditer(text):
            if found[1] in values and found[0] != text:
                yield f"{found[0]} stands alone in its text"
            elif found[1] not in values | words:
                listed = ", ".join(f"${each}" for each in sorted(values | words))
                yield f"there is no {found[0]} here: choose one of {listed}"


def _texts(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield template
    elif isinstance(template, dict):
        for name, each in template.items():
            yield str(name)
            yield from _texts(each)
    elif isinstance(template, list):
        for each in template:
            yield from _texts(each)
