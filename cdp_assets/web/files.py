"""What is not a page: our own style and scripts, charts as pictures and figures, and tables as files; every export is noted."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cdp_assets import audit
from cdp_assets.web import answers, pictures
from cdp_assets.web.access import pace
from cdp_assets.web.access.who import person_of
from cdp_assets.web.blocks import Table, all_blocks
from cdp_assets.web.exports import FORMS
from cdp_assets.web.page import Page
from cdp_assets.web.rendering import STATIC
from cdp_assets.web.view import View

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
EXPORTS = 100  # files within a quarter of an hour, for each person
FOR_LONG = {"Cache-Control": "public, max-age=31536000, immutable"}
FOR_THIS_READER = {"Cache-Control": "private, max-age=86400"}


def static(request: Request) -> Response:
    """A file of static/ by its exact name."""
    known = {path.name: path for path in STATIC.iterdir() if path.suffix in KINDS}
    path = known.get(request.path_params["name"])
    if path is None:
        return answers.error_page(request, 404, "error.not_found")
    return Response(path.read_bytes(), media_type=KINDS[path.suffix], headers=FOR_LONG)


def vega(request: Request) -> Response:
    """Vega's own script, for who asks for an interactive chart."""
    found = pictures.script(answers.settings_of(request))
    if found is None:
        return _missing(request)
    return Response(found, media_type="text/javascript", headers=FOR_THIS_READER)


def chart(request: Request) -> Response:
    """A kept chart: svg or png at a width, its figures as csv, or what it is made of as json."""
    settings = answers.settings_of(request)
    who = person_of(request, settings)
    if who is None or not who.may("read"):
        return Response(status_code=403)
    name, form = request.path_params["name"], request.path_params["form"]
    if form in {"svg", "png"}:
        drawn = pictures.draw(settings, name, request.query_params.get("width", "wide"), form)
        if drawn is None:
            return _missing(request)
        kind = "image/svg+xml" if form == "svg" else "image/png"
        if "save" not in request.query_params:  # it is shown within its page
            return Response(drawn, media_type=kind, headers=FOR_THIS_READER)
        audit.append(settings, who.name, "export", what="chart", name=name, form=form)
        return Response(drawn, media_type=kind, headers={"Cache-Control": "no-store"})
    kept = pictures.specification_of(settings, name)
    if kept is None or form not in {"json", "csv"}:
        return _missing(request)
    if form == "json":
        return JSONResponse(kept["chart"], headers=FOR_THIS_READER)
    if not who.may("export"):
        return Response(status_code=403)
    rows = pd.DataFrame(kept["chart"]["data"]["values"])
    audit.append(settings, who.name, "export", what="chart", name=name, form="csv", rows=len(rows))
    return answers.download_response(FORMS["csv"].download("onefold_chart", rows))


def _missing(request: Request) -> Response:
    return answers.error_page(request, 404, "error.not_found")


def export_answer(page: Page, tab: str) -> Callable[[Request], Response]:
    """The endpoint that gives a table of a page's tab as a file: all of its rows, as the address filters them."""

    def answer(request: Request) -> Response:
        view = answers.view_of(request, page.may)
        if isinstance(view, Response):
            return view
        if not view.who.may("export"):
            return answers.not_allowed(request, view.who, "export")
        if pace.is_over(view.settings, f"export:{view.who.name}", most=EXPORTS):
            return answers.error_page(request, 429, "error.too_often", view.who)
        try:
            return _export(request, view, page, tab)
        except answers.Redirect:
            return _missing(request)
        except Exception as error:
            return answers.failed(request, error)

    return answer


def _export(request: Request, view: View, page: Page, tab: str) -> Response:
    form = FORMS.get(view.one("form"))
    found = [
        block
        for block in all_blocks(page.tabs[tab](view))
        if isinstance(block, Table) and block.key == view.one("block")
    ]
    if form is None or not found:
        return _missing(request)
    table = found[0]
    audit.append(
        view.settings, view.who.name, "export", what=f"{page.name}/{tab}/{table.key}", form=view.one("form"),
        rows=len(table.data), generation=view.shown.generation,
        subjects=list(view.values.values()),
    )  # fmt: skip
    return answers.download_response(
        form.download(f"onefold_{view.shown.generation}_{table.key}", table.data)
    )
