"""A customer's orders, refunds and touches as places on lanes, for the template that draws them within the page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cdp_assets.web.theme import ACCENT, CATEGORIES
from cdp_assets.web.view import View

WIDTH, LANE, LEFT, TOP = 900, 30, 130, 30
COLOURS = {"order": ACCENT, "refund": CATEGORIES[3], "touch": CATEGORIES[1]}


def draw_timeline(view: View, events: pd.DataFrame) -> dict[str, Any]:
    """Lanes, marks and ticks of the picture; events: one row per happened_at, event and lane."""
    lanes = sorted(set(events["lane"].astype(str)))
    start, end = events["happened_at"].min(), events["happened_at"].max()
    reach = max((end - start).total_seconds(), 1.0)

    def place(moment: pd.Timestamp) -> float:
        return round(float(LEFT + 40 + (WIDTH - LEFT - 90) * (moment - start).total_seconds() / reach), 1)

    marks = [
        {
            "x": place(moment), "y": TOP + LANE * lanes.index(str(lane)) + LANE / 2, "colour": COLOURS[event], "event": event,
            "words": f"{view.formats.moment(moment)} · {view.label(event, 'events')} · {what}",
        }
        for moment, event, lane, what in zip(events["happened_at"], events["event"], events["lane"], events["what"], strict=True)
    ]  # fmt: skip
    ticks = [start + (end - start) * part / 4 for part in range(5)] if end > start else [start]
    return {
        "width": WIDTH,
        "height": TOP + LANE * len(lanes) + 10,
        "lanes": [(lane, TOP + LANE * at + LANE / 2) for at, lane in enumerate(lanes)],
        "marks": marks,
        "ticks": [(place(tick), view.formats.day(tick)) for tick in ticks],
        "legend": [(view.label(event, "events"), colour) for event, colour in COLOURS.items()],
        "said": view.t("customer.timeline_said", events=len(events), lanes=len(lanes)),
    }
