"""The weekly report: overview, what paid off, and what changed, as one HTML file that needs nothing beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from starlette.datastructures import QueryParams

from cdp_assets.settings import Settings
from cdp_assets.web import pictures
from cdp_assets.web.access.people import Person
from cdp_assets.web.blocks import Picture, all_blocks
from cdp_assets.web.pages import changes, overview
from cdp_assets.web.pages.payoff import payoff
from cdp_assets.web.published import current_published
from cdp_assets.web.rendering import STATIC, render_page
from cdp_assets.web.texts import Texts
from cdp_assets.web.view import View

READER = Person("report", frozenset({"admin"}))  # figures only: no person, no file, no link to either


def report(settings: Settings, language: str) -> str | None:
    """The report of the current generation in a language; None before the first."""
    shown = current_published(settings)
    if shown is None:
        return None
    view = View(settings, shown, READER, Texts(language), "", "/", QueryParams("period=week"))
    blocks: list[Any] = [*overview.build(view), payoff(view), *changes.build(view)]
    drawn = {
        block.address: _drawn(settings, block) for block in all_blocks(blocks) if isinstance(block, Picture)
    }
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    html = render_page(
        view, "report.html", blocks=blocks, drawn=drawn, style=style, title=view.t("report.title")
    )
    return _alone(html)


def _drawn(settings: Settings, picture: Picture) -> str:
    svg = pictures.draw(settings, picture.address.rpartition("/")[2], "wide", "svg")
    return "" if svg is None else svg.decode()


def _alone(html: str) -> str:
    """Without what only the site can do: its links and its forms."""
    without_forms = re.sub(r"<form\b.*?</form>", "", html, flags=re.DOTALL)
    return re.sub(r"</?a\b[^>]*>", "", without_forms)


def write(path: Path, text: str) -> None:
    """For its owner only, whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.touch(mode=0o600)
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
