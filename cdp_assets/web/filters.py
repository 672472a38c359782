"""A form of filters whose state is in the page's address."""

from __future__ import annotations

from collections.abc import Sequence

from cdp_assets.web.blocks import Field, Filters
from cdp_assets.web.view import View


def filters(view: View, fields: Sequence[Field]) -> Filters:
    """The form; what the address says beside it is kept, but for where tables stood."""
    own = {field.name for field in fields}
    kept = [
        (name, value)
        for name, value in view.query.multi_items()
        if name not in own and not name.endswith(".from")
    ]
    return Filters(list(fields), view.base + view.path, kept, view.t("frame.apply"))
