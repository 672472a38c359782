"""Charts as files: kept once per generation under HOME/web/pictures, drawn by `drawer` when first asked for.

Only figures of the whole are drawn this way; what shows one customer is drawn within its page and never kept.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cdp_assets.private_files import write_private
from cdp_assets.settings import Settings
from cdp_assets.web.drawer import DRAWER, NotDrawn
from cdp_assets.web.published import Published

FOR_OPEN_PAGES = 900.0  # seconds
WIDTHS = {"wide": 1000, "middle": 640, "half": 500, "narrow": 300}
LEGEND_NAME = 140  # pixels of a name in a legend at most
NAME = re.compile(r"[0-9a-f]{16}-[0-9a-f]{24}")
LOCALES = {"zh": ("zh-CN", "zh-CN"), "en": ("en-US", "en-GB")}
log = logging.getLogger(__name__)


def folder_of(settings: Settings) -> Path:
    return settings.home / "web" / "pictures"


def generation_key(shown: Published) -> str:
    """A short name of a generation's files."""
    return hashlib.sha256(shown.version.encode()).hexdigest()[:16]


def keep(settings: Settings, shown: Published, specification: dict[str, Any], language: str) -> str:
    """Keep what a chart is made of; returns its name, which says generation and content."""
    text = json.dumps(
        {"language": language, "chart": specification}, ensure_ascii=False, sort_keys=True, default=str
    )
    name = f"{generation_key(shown)}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    path = _path(settings, name, "json")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, text.encode(), is_synced=False)
    return name


def forget_others(settings: Settings, shown: Published) -> None:
    """Remove the pictures of generations that are no longer shown; pages that are open keep theirs for a quarter of an hour."""
    for folder in folder_of(settings).glob("*"):
        if folder.name != generation_key(shown) and time.time() - folder.stat().st_mtime > FOR_OPEN_PAGES:
            shutil.rmtree(folder, ignore_errors=True)


def is_kept(settings: Settings, name: str) -> bool:
    """Whether a chart can be drawn."""
    return _path(settings, name, "json").exists()


def specification_of(settings: Settings, name: str) -> dict[str, Any] | None:
    """What a chart is made of, with its language; None for a name that is not kept."""
    path = _path(settings, name, "json") if NAME.fullmatch(name) else None
    if path is None or not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def draw(settings: Settings, name: str, width: str, form: str) -> bytes | None:
    """The chart as SVG or PNG at one of the widths; None for a name that is not kept, or a chart that cannot be drawn."""
    kept = specification_of(settings, name)
    if kept is None or width not in WIDTHS:
        return None
    path = _path(settings, name, f"{width}.{form}")
    if path.exists():
        return path.read_bytes()
    number, time_locale = LOCALES.get(kept["language"], LOCALES["en"])
    try:
        drawn = DRAWER.draw(_fitted(kept["chart"], WIDTHS[width]), form, number, time_locale)
    except NotDrawn as error:
        log.warning("a chart was not drawn: %s", error)
        return None
    with suppress(FileNotFoundError):  # its generation went meanwhile
        write_private(path, drawn, is_synced=False)
    return drawn


def narrowest(least: float) -> str:
    """The smallest of the widths that a chart of so many pixels at least can be read in."""
    return next(
        (name for name, width in sorted(WIDTHS.items(), key=lambda each: each[1]) if width >= least), "wide"
    )


def _fitted(chart: dict[str, Any], width: int) -> dict[str, Any]:
    """The chart at a width: as many names beside each other in its legend as have room, and room for what stands at the ends of bars."""
    config = chart.get("config", {})
    names = [str(each) for each in _domain(chart)]
    longest = min(7 * max(map(len, names), default=0), LEGEND_NAME) + 30
    legend = {**config.get("legend", {}), "columns": max(1, min(3, (width - 70) // longest))}
    fitted = {"width": width, "autosize": {"type": "fit-x", "contains": "padding"}}
    return _with_ends({**chart, **fitted, "config": {**config, "legend": legend}}, width)


def _domain(chart: dict[str, Any]) -> list[Any]:
    """The values that the legend names."""
    encodings = [chart.get("encoding", {}), *(each.get("encoding", {}) for each in chart.get("layer", []))]
    domains = [each.get("color", {}).get("scale", {}).get("domain") for each in encodings]
    return next((domain for domain in domains if domain), [])


def _with_ends(chart: dict[str, Any], width: int) -> dict[str, Any]:
    """Bars leave as much room at their ends as the longest number takes there."""
    ends = chart.get("usermeta", {}).get("ends")
    if not ends or not ends["most"]:
        return chart
    room = width - 46 - ends["names"]
    factor = max(1.1, min(room / max(room - ends["words"] - 8, 1), 4))
    encoding = chart["encoding"]
    x = {**encoding["x"], "scale": {**encoding["x"]["scale"], "domainMax": ends["most"] * factor}}
    return {**chart, "encoding": {**encoding, "x": x}}


def script(settings: Settings) -> bytes | None:
    """Vega's own script, made once from the bundle that vl-convert carries; None where it cannot be made."""
    path = settings.home / "web" / f"vega-{version('vl-convert-python')}.js"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            write_private(path, DRAWER.draw({}, "script", "", ""), is_synced=False)
        except NotDrawn as error:
            log.warning("the script of interactive charts was not made: %s", error)
            return None
    return path.read_bytes()


def _path(settings: Settings, name: str, ending: str) -> Path:
    generation, _, content = name.partition("-")
    return folder_of(settings) / generation / f"{content}.{ending}"
