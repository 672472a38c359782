"""What each generation holds and what changed beside the one before: for `onefold generations` and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from cdp_assets.publishing.copies import MARTS_FILE
from cdp_assets.settings import Settings
from cdp_assets.sql_text import from_file
from cdp_assets.state import connect_state


@dataclass(frozen=True)
class GenerationSummary:
    """One generation. Counts are rows of the masked marts; `…_added` are beside `compared_with`, None without one."""

    generation: str
    status: str
    as_of_date: date
    run_id: str
    created_at: datetime
    compared_with: str | None
    table_count: int
    row_count: int
    rows_added: int | None
    customer_count: int | None
    customers_added: int | None
    changed_tables: list[str]


def list_generations(settings: Settings) -> list[GenerationSummary]:
    """Every generation that was ever published, newest first; files of those that are `removed` are gone."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(from_file(__name__, "generations"), {"marts": MARTS_FILE}).fetchall()
    return [GenerationSummary(*row) for row in rows]
