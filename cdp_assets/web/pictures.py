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
WIDTHS = {"wide": 720, "half": 460, "narrow": 300}
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


def _fitted(chart: dict[str, Any], width: int) -> dict[str, Any]:
    """The chart at a width, with as many names beside each other in its legend as have room."""
    config = chart.get("config", {})
    legend = {**config.get("legend", {}), "columns": max(1, min(3, width // 150))}
    fitted = {"width": width, "autosize": {"type": "fit-x", "contains": "padding"}}
    return {**chart, **fitted, "config": {**config, "legend": legend}}


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
