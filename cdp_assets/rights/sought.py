"""The people of an erasure as rooms see them: how a line, a row or a table is known to be theirs is decided here, once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from cdp_assets.forgetting import Counted
from cdp_assets.keys import load_key
from cdp_assets.landing.suppressing import identifiers
from cdp_assets.rights import files, tables
from cdp_assets.rights.traces import Traces
from cdp_assets.settings import Settings
from cdp_assets.sql_text import literal


class SoughtPeople:
    """Implements `cdp_assets.forgetting.Sought` over what would show them."""

    def __init__(
        self, settings: Settings, traces: Traces, suppressed: Sequence[tuple[str, str]] | None = None
    ) -> None:
        self._settings, self._traces, self._key = settings, traces, load_key(settings)
        self._suppressed = traces.suppressions(self._key) if suppressed is None else suppressed
        self._known = {each for _, each in self._suppressed}
        self._finder = files.Finder(traces.literals(), None if traces.identifiers else self._is_hers)

    def _is_hers(self, contact: str) -> bool:
        """Whether an e-mail or a number, as it stands in a text, is suppressed: all that is left to tell by after a restore."""
        if "@" in contact:
            return not self._known.isdisjoint(identifiers.of_email(self._key, contact))
        digits = "".join(filter(str.isdigit, contact)).lstrip("0")
        return identifiers.suppression(self._key, "phone", digits) in self._known

    @property
    def record_keys(self) -> Sequence[str]:
        return self._traces.record_keys

    @property
    def customer_ids(self) -> Sequence[str]:
        return self._traces.customer_ids

    @property
    def platform_key_ids(self) -> Sequence[str]:
        return self._traces.platform_key_ids

    @property
    def hashes(self) -> tuple[list[str], frozenset[str]]:
        return sorted({each for _, each in self._suppressed}), frozenset(kind for kind, _ in self._suppressed)

    def rows_in(self, path: Path) -> int:
        return files.rows_in(path, self._finder)

    def cut(self, path: Path) -> int:
        return files.cut_file(path, self._finder)

    def rows_by_table(self, path: Path) -> dict[str, int]:
        return tables.count_rows(path, self._traces, self._key)

    def copy_database(
        self, path: Path, fresh: Path, *, keeps_constraints: bool = False, hides_small_cells: bool = False
    ) -> Counted:
        return tables.write_again(
            path, fresh, self._traces, self._key,
            limits=self._settings.duckdb_limits, keeps_constraints=keeps_constraints,
            smallest_cell=self._settings.smallest_cell if hides_small_cells else 0,
        )  # fmt: skip

    def copy_parquet(self, path: Path, fresh: Path) -> None:
        with duckdb.connect() as con:
            tables.register(con, self._traces, self._key)
            source = f"read_parquet({literal(path)})"
            columns = [row[0] for row in con.execute(f"describe select * from {source}").fetchall()]
            hers = tables.condition(columns)
            where = f"where not ({hers})" if hers else ""
            con.execute(
                f"copy (select * from {source} {where}) to {literal(fresh)} (format parquet, compression zstd)"
            )
