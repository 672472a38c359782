"""Charts as files: kept once per generation under HOME/web/pictures, drawn by vl-convert when first asked for.

Only figures of the whole are drawn this way; what shows one customer is drawn within its page and never kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from cdp_assets.settings import Settings
from cdp_assets.web.published import Published

WIDTHS = {"wide": 720, "half": 460, "narrow": 300}
NAME = re.compile(r"[0-9a-f]{16}-[0-9a-f]{24}")
LOCALES = {"zh": ("zh-CN", "zh-CN"), "en": ("en-US", "en-GB")}


def folder_of(settings: Settings) -> Path:
    return settings.home / "web" / "pictures"


def _generation_key(shown: Published) -> str:
    return hashlib.sha256(shown.version.encode()).hexdigest()[:16]


def keep(settings: Settings, shown: Published, specification: dict[str, Any], language: str) -> str:
    """Keep what a chart is made of; returns its name, which says generation and content."""
    text = json.dumps(
        {"language": language, "chart": specification}, ensure_ascii=False, sort_keys=True, default=str
    )
    name = f"{_generation_key(shown)}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    path = _path(settings, name, "json")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(path, text.encode())
    return name


def forget_others(settings: Settings, shown: Published) -> None:
    """Remove the pictures of generations that are no longer shown."""
    for folder in folder_of(settings).glob("*"):
        if folder.name != _generation_key(shown):
            shutil.rmtree(folder, ignore_errors=True)


def specification_of(settings: Settings, name: str) -> dict[str, Any] | None:
    """What a chart is made of, with its language; None for a name that is not kept."""
    path = _path(settings, name, "json") if NAME.fullmatch(name) else None
    if path is None or not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def draw(settings: Settings, name: str, width: str, form: str) -> bytes | None:
    """The chart as SVG or PNG at one of the widths; None for a name that is not kept."""
    kept = specification_of(settings, name)
    if kept is None or width not in WIDTHS:
        return None
    path = _path(settings, name, f"{width}.{form}")
    if path.exists():
        return path.read_bytes()
    drawn = _drawn({**kept["chart"], **_width(kept["chart"], WIDTHS[width])}, kept["language"], form)
    _write(path, drawn)
    return drawn


def _width(chart: dict[str, Any], width: int) -> dict[str, Any]:
    return {"width": width, "autosize": {"type": "fit-x", "contains": "padding"}}


def _drawn(chart: dict[str, Any], language: str, form: str) -> bytes:
    import vl_convert  # its engine starts at the first chart

    number, time = LOCALES.get(language, LOCALES["en"])
    given: dict[str, Any] = {"format_locale": number, "time_format_locale": time, "allowed_base_urls": []}
    if form == "png":
        return bytes(vl_convert.vegalite_to_png(chart, scale=2, **given))
    return str(vl_convert.vegalite_to_svg(chart, **given)).encode()


def script(settings: Settings) -> bytes:
    """Vega's own script, made once from the bundle that vl-convert carries."""
    import vl_convert

    path = settings.home / "web" / f"vega-{vl_convert.get_vega_version()}.js"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(path, vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").encode())
    return path.read_bytes()


def _path(settings: Settings, name: str, ending: str) -> Path:
    generation, _, content = name.partition("-")
    return folder_of(settings) / generation / f"{content}.{ending}"


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, for workers that draw the same picture at once."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.replace(path)
