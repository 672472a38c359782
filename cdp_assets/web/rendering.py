"""From blocks to HTML: the Jinja environment, always escaping, and what every page has around its content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cdp_assets.web.blocks import ROW_WIDTHS
from cdp_assets.web.texts import Texts, languages
from cdp_assets.web.view import View

HERE = Path(__file__).parent
STATIC = HERE / "static"


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["languages"] = [(name, Texts(name)) for name in languages()]
    made.globals["version"] = static_version()
    made.globals["row_widths"] = ROW_WIDTHS
    return made


@cache
def static_version() -> str:
    """Changes with any of our static files, so that browsers may keep them for long."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def render(template: str, texts: Texts, base: str, **values: Any) -> str:
    """One template with the words of a language."""
    return (
        environment()
        .get_template(template)
        .render(t=texts.t, texts=texts, label=texts.label, base=base, **{"view": None, **values})
    )


def render_page(view: View, template: str, **values: Any) -> str:
    return render(
        template, view.texts, view.base, view=view, who=view.who, **{"formats": view.formats, **values}
    )
