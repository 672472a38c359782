"""What `ONEFOLD_RETENTION` says: days by class or by table of state. Ending rows is `rights.retention`'s part; who shows a past asks here how far back."""

from __future__ import annotations

import re

from cdp_assets.errors import Problem
from cdp_assets.settings import Settings

# Table of state → the column that says how old a row is. Only these can end: what other rows stand upon lasts (what became of ids, rulings
# and the decisions behind them, what platforms answered).
DATED = {
    "rfm_scores_by_date": "as_of_date",
    "lifecycle_by_date": "as_of_date",
    "consent_statements_by_date": "as_of_date",
    "audience_history": "on_date",
    "identity_quality": "as_of_date",
    "scorecard_by_date": "as_of_date",
    "rfm_cut_points_by_date": "as_of_date",
    "damage_found": "found_at",
    "rights_events": "noted_at",
    "retention_counts": "ran_on",
}
CLASSES = ("core", "internal")


class RetentionProblem(Problem):
    """A retention that cannot be read."""


def rules(text: str) -> dict[str, int]:
    """'core=1095,audience_history=400' → days by class or table. Raises RetentionProblem."""
    found: dict[str, int] = {}
    for each in filter(None, (part.strip() for part in text.split(","))):
        name, _, days = each.partition("=")
        if name not in (*CLASSES, *DATED) or name in found or not re.fullmatch(r"[1-9][0-9]{0,4}", days):
            raise RetentionProblem(
                f"the retention of {name!r} cannot be read"
                if name not in found
                else f"{name} is there twice",
                "ONEFOLD_RETENTION",
                f"write NAME=DAYS with commas between; NAME is {', '.join(CLASSES)} or a table: {', '.join(sorted(DATED))}",
            )
        found[name] = int(days)
    return found


def history_days(settings: Settings) -> int | None:
    """How many days back the scores of single customers may be told; None: all."""
    days = rules(settings.retention)
    return days.get("rfm_scores_by_date", days.get("core"))
