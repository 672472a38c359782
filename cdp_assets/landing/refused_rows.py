"""What rows in quarantine say of somebody: their own cells, and of the rest of such a row only how much there is.

Nobody could take the row apart, so that no column says whose a cell is: a cell is hers by what stands in it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import duckdb

from cdp_assets.engine import scratch
from cdp_assets.landing.contract import ChannelContract, Export
from cdp_assets.landing.forgetting import open_quarantine, suppress
from cdp_assets.landing.readers.delimited import csv_dialect
from cdp_assets.landing.suppression.matches import Suppressed, row_tests
from cdp_assets.settings import Settings


@dataclass(frozen=True)
class Refused:
    """A row in quarantine that names somebody. cells: hers, as delivered; others: how many more the row has; column_name: what broke the contract."""

    channel: str
    export: str
    file_name: str
    line: int
    column_name: str | None
    cells: tuple[str, ...]
    others: int


def refused_rows(
    settings: Settings,
    contracts: Mapping[str, ChannelContract],
    suppressed: Suppressed,
    is_hers: Callable[[str], bool],
) -> list[Refused]:
    """Rows in quarantine of the people who are asked about. is_hers: whether a cell says something of them alone."""
    found: list[Refused] = []
    with scratch(settings.duckdb_limits) as con:
        suppress(con, settings, suppressed)
        for contract, export in [(each, export) for each in contracts.values() for export in each.exports]:
            if open_quarantine(con, settings, contract, export):
                found += _rows_of(con, contract, export, suppressed, is_hers)
    return found


def _rows_of(
    con: duckdb.DuckDBPyConnection,
    contract: ChannelContract,
    export: Export,
    suppressed: Suppressed,
    is_hers: Callable[[str], bool],
) -> Iterator[Refused]:
    tests = row_tests(con, contract.name, export, [], contract.facts.phone_region, suppressed.kinds)
    rows = con.execute(
        f"select _file_name, _at, _broken_column, _text_raw from sieved where {tests.is_hers} order by all"
    ).fetchall()
    for file_name, line, column, text in rows:
        cells = [each for each in _cells(export, file_name, text or "") if each.strip()]
        hers = tuple(filter(is_hers, cells))
        yield Refused(contract.name, export.name, file_name, line, column, hers, len(cells) - len(hers))


def _cells(export: Export, file_name: str, text: str) -> Iterator[str]:
    """The cells of a row as it was delivered: leaves of JSON, else what the delimiter parts."""
    if text.lstrip().startswith(("{", "[")):
        try:
            yield from _leaves(json.loads(text))
            return
        except ValueError:
            pass
    try:
        for row in csv.reader([text], csv_dialect(export.facts.dialect_for(file_name), strict=False)):
            yield from row
    except csv.Error:
        yield text


def _leaves(value: object) -> Iterator[str]:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if below is not None:
        for each in below:
            yield from _leaves(each)
    elif value is not None:
        yield str(value)
