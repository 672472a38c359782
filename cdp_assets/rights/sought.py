"""The people of an erasure as rooms see them: how a line, a row or a table is known to be theirs is decided here, once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cdp_assets.engine import scratch
from cdp_assets.forgetting import Counted
from cdp_assets.keys import load_key
from cdp_assets.landing.suppression import identifiers
from cdp_assets.rights import cells, files, hers, tables
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
        self._by_contact = files.Finder((), self._is_hers)

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

    def rows_by_contact(self, path: Path) -> int:
        return files.rows_in(path, self._by_contact)

    def cut_by_contact(self, path: Path) -> int:
        return files.cut_file(path, self._by_contact) if files.is_plain_text(path) else 0

    def rows_by_table(self, path: Path) -> dict[str, int]:
        return hers.count_rows(path, self._traces, self._key)

    def is_in_database(self, path: Path) -> bool:
        return hers.is_in(path, self._traces, self._key)

    def copy_database(
        self,
        path: Path,
        fresh: Path,
        *,
        keeps_constraints: bool = False,
        hides_small_cells: bool = False,
        is_of_build: bool = False,
    ) -> Counted:
        settings, few = self._settings, None
        if hides_small_cells:
            build = cells.build_of(settings) if is_of_build else None
            few = cells.to_hide(
                path, self._traces, self._key, settings.smallest_cell, build, settings.duckdb_limits
            )
        return tables.write_again(
            path, fresh, self._traces, self._key,
            limits=settings.duckdb_limits, keeps_constraints=keeps_constraints, few=few,
        )  # fmt: skip

    def copy_parquet(self, path: Path, fresh: Path) -> None:
        with scratch() as con:
            hers.register(con, self._traces, self._key)
            source = f"read_parquet({literal(path)})"
            columns = [row[0] for row in con.execute(f"describe select * from {source}").fetchall()]
            is_hers = hers.condition(columns)
            where = f"where not ({is_hers})" if is_hers else ""
            con.execute(
                f"copy (select * from {source} {where}) to {literal(fresh)} (format parquet, compression zstd)"
            )
