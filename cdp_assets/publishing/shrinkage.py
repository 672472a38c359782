"""Gate: no mart shrinks by more than its limit (limits.yaml) beside the generation that readers see now."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from cdp_assets import safe_yaml
from cdp_assets.engine import scratch
from cdp_assets.publishing.copies import MARTS_FILE, relations_of, text
from cdp_assets.publishing.gates import Refusal
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier
from cdp_assets.state import connect_state

LIMITS_PATH = Path(__file__).with_name("limits.yaml")
REMEDY = (
    "Look at `onefold status` for files that are held or missing; if it is meant to be so, run again with "
    "ONEFOLD_ACCEPT_SHRINK={names} or raise its limit in cdp_assets/publishing/limits.yaml"
)


class Limits(BaseModel):
    """Shares of rows that may go missing, per mart. See limits.yaml."""

    model_config = ConfigDict(extra="forbid")

    max_shrink: float = Field(ge=0, le=1)
    min_rows: int = Field(ge=0)
    tables: dict[str, float] = {}

    def refuses(self, table: str, before: int, now: int) -> bool:
        """Whether `now` rows are too few where the current generation has `before`."""
        limit = self.tables.get(table, self.max_shrink)
        if limit >= 1 or now >= before:
            return False
        return now == 0 or (before >= self.min_rows and now < before * (1 - limit))


@cache
def load_limits(path: Path = LIMITS_PATH) -> Limits:
    """The limits of a YAML file."""
    return Limits.model_validate(safe_yaml.read(path))


def judge_shrinkage(settings: Settings, limits: Limits | None = None) -> list[Refusal]:
    """Refuse a mart that lost more rows than its limit allows, or that is no longer there at all."""
    limits = limits or load_limits()
    before = _published_counts(settings)
    now = _build_counts(settings) if before else {}
    accepted = {name.strip() for name in (settings.accept_shrink or "").split(",")}
    shrunk = [
        (table, rows, now.get(table))
        for table, rows in before.items()
        if table not in accepted and "all" not in accepted
        if table not in now or limits.refuses(table, rows, now[table])
    ]
    if not shrunk:
        return []
    found = "; ".join(
        f"marts.{table} is gone" if rows is None else f"marts.{table} has {rows:,} rows after {was:,}"
        for table, was, rows in shrunk
    )
    return [Refusal("shrinkage", found, REMEDY.format(names=",".join(table for table, _, _ in shrunk)))]


def _published_counts(settings: Settings) -> dict[str, int]:
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select table_name, row_count from generation_tables where file_name = ? and generation = ("
            "select generation from generations where status <> 'withdrawn' "
            "order by status = 'current' desc, generation desc limit 1) order by 1",
            [MARTS_FILE],
        ).fetchall()
    return dict(rows)


def _build_counts(settings: Settings) -> dict[str, int]:
    with scratch() as con:
        con.execute(f"attach {text(settings.warehouse_path)} as warehouse (read_only)")
        names = relations_of(con, "warehouse", "marts")
        counts = [
            con.execute(f"select count(*) from warehouse.{identifier('marts', name)}").fetchone()
            for name in names
        ]
        return {name: count[0] for name, count in zip(names, counts, strict=True) if count}
