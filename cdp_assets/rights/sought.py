"""The people of an erasure as rooms see them: how a line, a row or a table is known to be theirs is decided here, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cdp_assets.engine import scratch
from cdp_assets.forgetting import Counted
from cdp_assets.keys import load_key
from cdp_assets.landing.contract import load_contracts
from cdp_assets.landing.suppression import identifiers
from cdp_assets.mailbox import mailbox_of
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
        is_hers = self._by_contacts() if traces.identifiers else self._by_hashes(settings)
        self._finder = files.Finder(traces.literals(), is_hers)
        self._surely = files.Finder(traces.sure_literals(), is_hers, has_words=not traces.identifiers)
        self._likely = files.Finder(traces.literals(), is_hers, has_words=not traces.identifiers)

    def _by_contacts(self) -> files.Words:
        """Whether words that a text holds are addresses or numbers that she alone carries."""
        hers = {("email", form) for kind, value in self._traces.identifiers if kind == "email"
                for form in (value.lower(), mailbox_of(value.lower()))}  # fmt: skip
        hers |= {("phone", form) for kind, value in self._traces.identifiers if kind == "phone"
                 for form in identifiers.national_forms(value)}  # fmt: skip
        return lambda words: not hers.isdisjoint(words)

    def _by_hashes(self, settings: Settings) -> files.Words:
        """Whether one of the words is suppressed: all that is left to tell by after a restore, or where a request is all that is known."""
        contracts = load_contracts(*settings.contract_dirs)
        regions = sorted({each.facts.phone_region for each in contracts.values() if each.facts.phone_region})
        kinds = {kind for kind, _ in self._suppressed}

        def hashes_of(kind: str, word: str) -> Iterator[str]:
            if kind == "email":
                yield from identifiers.of_email(self._key, word)
            elif kind == "phone":
                yield identifiers.suppression(self._key, "phone", word)
                yield from (identifiers.suppression(self._key, "phone", each, word) for each in regions)
            elif "cell" in kinds or "id" in kinds:
                yield from identifiers.of_cell(self._key, word)
                for channel in contracts:
                    yield from identifiers.of_source_id(self._key, channel, word)

        return lambda words: any(each in self._known for word in words for each in hashes_of(*word))

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

    def is_named_in(self, text: str) -> bool:
        return self._finder.holds(text.encode())

    def rows_in(self, path: Path) -> int:
        return files.rows_in(path, self._finder)

    def cut(self, path: Path) -> int:
        return files.cut_file(path, self._finder)

    def rows_surely(self, path: Path) -> int:
        return files.rows_in(path, self._surely)

    def rows_likely(self, path: Path) -> int:
        return files.rows_in(path, self._likely)

    def cut_surely(self, path: Path) -> int:
        return files.cut_file(path, self._surely) if files.is_plain_text(path) else 0

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
            is_named=self.is_named_in if keeps_constraints else None,
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
