"""Which channels had not delivered to the end of what is shown: said at every figure that this makes incomplete."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web.blocks import Note
from cdp_assets.web.queries.overview import late_channels
from cdp_assets.web.view import View

NEEDS = ("orders",)


def late_notes(view: View, period_end: object | None = None) -> list[Note]:
    """A warning that names the channels and their last days; none where every channel delivered. period_end: else the data's date."""
    end = period_end if period_end is not None else view.shown.as_of_date()
    if end is None or view.shown.missing(NEEDS):
        return []
    late = late_channels(view.shown, pd.Timestamp(str(end)))
    if late.empty:
        return []
    said = ", ".join(
        f"{channel} ({view.formats.day(last)})"
        for channel, last in zip(late["channel"], late["last_order_date"], strict=True)
    )
    return [Note(view.t("overview.late", channels=said), "warning")]
