"""Where the rows of each customer stand in the large published tables, so that her page reads these instead of scanning millions.

Made ready with a generation, one file a column: a fingerprint (64 bits) of each customer's id in ascending order, where her rows begin, and the
numbers of all rows in that order. Where two ids of a column share a fingerprint, there is no file, and the table is scanned. Workers map
the files, so that all of them together hold them once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cdp_assets.private_files import write_private
from cdp_assets.web import pictures
from cdp_assets.web.published import Published

COLUMNS: dict[str, tuple[str, ...]] = {
    "customer_attribute_provenance": ("customer_id",),
    "customer_crosswalk": ("customer_id",),
    "customer_id_events": ("customer_id", "other_customer_id"),
    "consents": ("customer_id",),
    "identity_edges": ("customer_id_l", "customer_id_r"),
    "order_lines": ("customer_id",),
    "orders": ("customer_id",),
    "records": ("customer_id",),
    "refunds": ("customer_id",),
    "touchpoints": ("customer_id",),
}  # table → columns that name a customer; a table of one row for each is scanned sooner than its rows are joined
KEPT_MAPPED = 64


@dataclass(frozen=True)
class _Rows:
    """One file, mapped."""

    fingerprints: npt.NDArray[np.uint64]
    begins: npt.NDArray[np.uint32]
    numbers: npt.NDArray[np.uint32]

    def of(self, fingerprint: int) -> list[int]:
        at = int(np.searchsorted(self.fingerprints, np.uint64(fingerprint)))
        if at == len(self.fingerprints) or int(self.fingerprints[at]) != fingerprint:
            return []
        found: list[int] = self.numbers[int(self.begins[at]) : int(self.begins[at + 1])].tolist()
        return found


def make(shown: Published) -> None:
    """Write the files of a generation, one for each column of the tables that it holds."""
    folder = _folder(shown)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for table, columns in COLUMNS.items():
        if not shown.missing([table]):
            for column in columns:
                _write(shown, table, column)


def _write(shown: Published, table: str, column: str) -> None:
    ids = int(shown.ask_once(f"select count(distinct {column}) as n from {table}")["n"].iloc[0])
    found = shown.ask_once(
        f"select rowid::uinteger as number, md5_number_lower({column})::ubigint as fingerprint from {table} where {column} is not null"
    )
    prints = found["fingerprint"].to_numpy()
    order = np.argsort(prints, kind="stable")
    ordered = prints[order]
    firsts = (
        np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        if len(ordered)
        else np.array([], dtype=int)
    )
    if len(firsts) != ids:
        return
    content = (
        np.array([ids], dtype=np.uint64).tobytes()
        + ordered[firsts].astype(np.uint64).tobytes()
        + np.append(firsts, len(ordered)).astype(np.uint32).tobytes()
        + found["number"].to_numpy()[order].astype(np.uint32).tobytes()
    )
    write_private(_path(shown, table, column), content, is_synced=False)


def ask(shown: Published, sql: str, customers: list[str], *tables: str) -> pd.DataFrame:
    """Answer of a query about some customers: `{orders}` in it stands for their rows of that table, read where they stand or by a scan."""
    parameters: list[object] = []
    for table in tables:
        rows = rows_of(shown, table, customers)
        parameters.append(customers if rows is None else rows)
        place = f"${len(parameters)}"
        if rows is None:
            named = " or ".join(
                f"{column} in (select unnest({place}::varchar[]))" for column in COLUMNS[table]
            )
        else:
            named = f"rowid in (select unnest({place}::bigint[]))"
        sql = sql.replace("{" + table + "}", f"(select * from {table} where {named})")
    return shown.ask(sql, *parameters)


def rows_of(shown: Published, table: str, customers: list[str]) -> list[int] | None:
    """Numbers of these customers' rows, ascending; None where no file tells."""
    found: set[int] = set()
    for column in COLUMNS[table]:
        rows = _opened(_path(shown, table, column))
        if rows is None:
            return None
        for each in customers:
            found.update(rows.of(_fingerprint(each)))
    return sorted(found)


def _fingerprint(customer_id: str) -> int:
    """What DuckDB's md5_number_lower gives."""
    return int.from_bytes(hashlib.md5(customer_id.encode(), usedforsecurity=False).digest()[8:], "little")


def _opened(path: Path) -> _Rows | None:
    """A file as it lies on the disk, mapped; None where there is none."""
    return _map(path) if path.exists() else None


@lru_cache(maxsize=KEPT_MAPPED)
def _map(path: Path) -> _Rows:
    whole = np.memmap(path, dtype=np.uint32, mode="r")
    ids = int(whole[:2].view(np.uint64)[0])
    return _Rows(
        whole[2 : 2 + 2 * ids].view(np.uint64), whole[2 + 2 * ids : 3 + 3 * ids], whole[3 + 3 * ids :]
    )


def _folder(shown: Published) -> Path:
    return shown.scratch.parent / "answers"


def _path(shown: Published, table: str, column: str) -> Path:
    return _folder(shown) / f"{pictures.generation_key(shown)}.{table}.{column}.rows"
