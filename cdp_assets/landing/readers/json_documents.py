"""JSON documents as records of text, counted by other code than the one that reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.readers.text import TextSource

MAX_DOCUMENT = 256 << 20  # bytes of one JSON document; larger ones belong into NDJSON


def read_document(
    source: TextSource, path: str | None
) -> tuple[int, Iterator[tuple[int, str, None, list[str]]]]:
    """Record count by the standard library, and the records (number, JSON text) by orjson. Raises FileHeld."""
    with source.open() as stream:
        content = stream.read(MAX_DOCUMENT + 1)
    if len(content) > MAX_DOCUMENT:
        raise FileHeld(
            "too_large", f"it is over {MAX_DOCUMENT:,} bytes of one JSON document", "deliver it as NDJSON"
        )
    try:
        count = len(_at(json.loads(content), path))
        records = _at(orjson.loads(content), path)
    except (ValueError, RecursionError) as error:
        raise FileHeld(
            "not_json", "it is no JSON document", "check the file; set format to ndjson if it is one"
        ) from error
    texts = (orjson.dumps(record).decode() for record in records)
    return count, ((number, text, None, [text]) for number, text in enumerate(texts, 1))


def _at(document: Any, path: str | None) -> list[Any]:
    for step in path.split(".") if path else []:
        document = document.get(step) if isinstance(document, dict) else None
    if not isinstance(document, list):
        raise FileHeld(
            "no_records",
            f"there is no array at {path or 'the top'}",
            "set recordsPath in the contract to the array's path",
        )
    return document
