"""Pictures as Dagster shows them: a PNG inside the metadata of an asset."""

import base64
from collections.abc import Callable
from typing import Any

import dagster as dg

from cdp_assets.errors import safe_text


def picture(context: dg.AssetExecutionContext, name: str, draw: Callable[[], bytes]) -> dict[str, Any]:
    """Metadata with the PNG that `draw` gives; a picture that cannot be drawn is no reason to fail a run."""
    try:
        png = base64.b64encode(draw()).decode()
    except Exception as error:
        context.log.warning(f"no picture of {name}: {safe_text(error)}")
        return {}
    return {name: dg.MetadataValue.md(f"![{name}](data:image/png;base64,{png})")}
