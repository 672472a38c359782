"""Files of a destination from its YAML: templates become SQL that renders rows, once for all batches of a list.

A file is head, rows and tail. Placeholders: $key, $key:FIELD (empty for other identifiers), $part1 and $part2 (of a key `a/b`), $field, $list,
$operation, $given_name, $family_name, $customer_id; in bodies also $rows (a list), $joined (keys with commas in one text) and $consents.
Nothing is written here.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from dataclasses import dataclass
from typing import Any

from cdp_assets.activation.destination import Destination
from cdp_assets.activation.templates import ATTRIBUTES, PLACE
from cdp_assets.sql_text import identifier, literal

_EPOCH = (1980, 1, 1, 0, 0, 0)  # equal rows give equal bytes
_FORMULA = "'[=@\\t\\r+-]*'"


@dataclass(frozen=True)
class Shape:
    """How a file is put together: SQL of one row (over platform_key, field and attributes), and what stands around the rows."""

    row: str
    head: str
    separator: str
    tail: str


def shape_of(destination: Destination, operation: str, list_id: str | int, field: str | None) -> Shape:
    """The shape of files that add or remove; `field`: the one identifier of the file, None where all stand together."""
    if destination.file.writer == "json":
        return _json_shape(destination, operation, list_id, field)
    columns = columns_of(destination, operation, field)
    rows = [_column_sql(destination, template, list_id, operation) for template in columns.values()]
    separator = "\t" if destination.file.extension == "tsv" else ","
    row = f" || '{separator}' || ".join(rows)
    head = (
        separator.join(_quoted_text(name, destination) for name in columns) + destination.file.line_end
        if destination.file.header
        else ""
    )
    return Shape(row, head, destination.file.line_end, destination.file.line_end)


def columns_of(destination: Destination, operation: str, field: str | None) -> dict[str, str]:
    """Column → template of the files that add or remove."""
    own = destination.operation(operation).columns
    if own is not None:
        return {field or name if name == "$field" else name: each for name, each in own.items()}
    for each in destination.identifiers:
        if each.field == field and each.columns is not None:
            return each.columns
    return destination.file.columns or {"key": "$key"}


def used_attributes(destination: Destination) -> list[str]:
    """Attributes of customers that the YAML lists in a row."""
    said = json.dumps(
        [
            destination.file.model_dump(),
            destination.add.model_dump(),
            destination.remove.model_dump(),
            [each.columns for each in destination.identifiers],
        ]
    )
    return [name for name in ATTRIBUTES if f"${name}" in said]


def packed(content: bytes, compress: str, name: str) -> bytes:
    """The content as it is stored; the same content gives the same bytes."""
    if compress == "gzip":
        return gzip.compress(content, mtime=0)
    if compress == "zip":
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
        return written.getvalue()
    return content


def file_name(destination: Destination, operation: str, number: int) -> str:
    """add-001.json, remove-002.csv.gz, …"""
    ending = {"none": "", "gzip": ".gz", "zip": ".zip"}[destination.file.compress]
    return f"{operation}-{number:03d}.{destination.file.extension}{ending}"


def filled(template: Any, values: dict[str, Any]) -> Any:
    """A template with placeholders of known values put in; a text that is one placeholder takes the value's type."""
    if isinstance(template, dict):
        return {str(filled(name, values)): filled(each, values) for name, each in template.items()}
    if isinstance(template, list):
        return [filled(each, values) for each in template]
    if not isinstance(template, str):
        return template
    whole = PLACE.fullmatch(template)
    if whole and whole[1] in values:
        return values[whole[1]]
    return PLACE.sub(lambda found: str(values.get(found[1], found[0])), template)


def _json_shape(destination: Destination, operation: str, list_id: str | int, field: str | None) -> Shape:
    its = destination.operation(operation)
    body = its.body if its.body is not None else destination.file.body
    row = its.row if its.row is not None else destination.file.row
    values = {
        "list": list_id,
        "operation": its.word or operation,
        "field": field or "",
        "consents": destination.consent_fields,
    }
    row_sql = json_sql(filled(row, values), is_plain_key=_may_hold_anything(destination, field))
    if body is None:
        return Shape(row_sql, "", "\n", "\n")
    text = json.dumps(filled(body, values), ensure_ascii=False, separators=(",", ":"))
    if '"$joined"' in text:
        head, tail = text.split('"$joined"')
        return Shape("platform_key", f'{head}"', ",", f'"{tail}\n')
    head, tail = text.split('"$rows"')
    return Shape(row_sql, f"{head}[", ",", f"]{tail}\n")


def json_sql(template: Any, *, is_plain_key: bool = True) -> str:
    """SQL text of a JSON template whose remaining placeholders are columns; a hash needs no escaping."""
    text = json.dumps(template, ensure_ascii=False, separators=(",", ":"))
    parts, end = [], 0
    for found in re.finditer(r'"\$(key|part1|part2|[a-z_]+)"', text):
        value = f"coalesce(to_json({_value_sql(found[1])})::varchar, 'null')"
        if found[1] == "key" and not is_plain_key:
            value = """'"' || platform_key || '"'"""
        parts += [literal(text[end : found.start()]), value]
        end = found.end()
    return " || ".join([*parts, literal(text[end:])])


def _column_sql(destination: Destination, template: str, list_id: str | int, operation: str) -> str:
    word = destination.operation(operation).word or operation
    template = str(filled(template, {"list": list_id, "operation": word, **destination.consent_fields}))
    found = PLACE.fullmatch(template)
    if not found:
        return literal(_quoted_text(template, destination))
    value = f"coalesce({_value_sql(found[1])}::varchar, '')"
    if found[1] in ("given_name", "family_name"):  # a spreadsheet would run what begins like a formula
        value = f"regexp_replace({value}, {_FORMULA.replace('[', '^[', 1)}, '')"
    if found[1].startswith("key") and not _may_hold_anything(destination, None):
        return f"""'"' || {value} || '"'""" if destination.file.quote_all else value
    doubled = f"""'"' || replace({value}, '"', '""') || '"'"""
    if destination.file.quote_all:
        return doubled
    return f"""case when regexp_matches({value}, '[",\\t\\r\\n]') then {doubled} else {value} end"""


def _may_hold_anything(destination: Destination, field: str | None) -> bool:
    """Whether keys of a file may hold quotes and commas: hashes do not."""
    return any(each.hash == "none" for each in destination.identifiers if field in (None, each.field))


def _value_sql(name: str) -> str:
    if name == "key":
        return "platform_key"
    if name.startswith("key:"):
        return f"case when field = {literal(name[4:])} then platform_key end"
    if name in ("part1", "part2"):
        return f"split_part(platform_key, '/', {name[-1]})"
    return name


def _quoted_text(text: str, destination: Destination) -> str:
    needs = destination.file.quote_all or any(each in text for each in '",\t\r\n')
    return '"' + text.replace('"', '""') + '"' if needs else text


def parquet_sql(columns: dict[str, str]) -> str:
    """Select list of a Parquet file: column → placeholder or fixed text."""
    parts = []
    for name, template in columns.items():
        found = PLACE.fullmatch(template)
        parts.append(f"{_value_sql(found[1]) if found else literal(template)} as {identifier(name)}")
    return ", ".join(parts)
