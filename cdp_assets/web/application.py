"""The site as one ASGI application: routes, and from a request to a page. What stands on a page is in `pages/`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, compile_path

from cdp_assets.settings import Settings
from cdp_assets.web import answers, files, warm_up
from cdp_assets.web.access.guard import Guard
from cdp_assets.web.navigation import ACTIONS, PAGES, SIGN_IN_ROUTES

PAGE_ADDRESSES = [compile_path(page.tab_path(tab))[0] for page in PAGES for tab in page.tabs]


def create_app(settings: Settings | None = None) -> Starlette:
    """The application of one home; without settings, those of the environment (so that several workers can be started)."""
    chosen = settings or Settings.load()
    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(Guard, settings=chosen)],
        exception_handlers={404: _not_found, 405: _not_found, 500: _failed, Exception: _failed},
        lifespan=_lifespan,
    )
    app.state.settings = chosen
    app.router.redirect_slashes = (
        False  # its addresses know neither the base path nor https: `_not_found` does it
    )
    return app


def _routes() -> list[BaseRoute]:
    routes: list[BaseRoute] = [
        Route("/static/{name}", files.static),
        Route("/chart/{name}.{form}", files.chart),
        Route("/vega.js", files.vega),
        Route("/health", _health),
        Route("/fragment/generation", answers.generation_notice),
        *SIGN_IN_ROUTES,
    ]
    paths = {page.tab_path(tab) for page in PAGES for tab in page.tabs}
    routes += [
        Route(action.path, answers.page_of_form(paths), methods=["GET"])
        for action in ACTIONS
        if action.path not in paths
    ]
    for page in PAGES:
        for tab in page.tabs:
            path = page.tab_path(tab)
            routes.append(Route(path, answers.page_answer(page, tab), methods=["GET"]))
            routes.append(Route(f"/export{path}", files.export_answer(page, tab), methods=["GET"]))
    routes += [Route(action.path, answers.action_answer(action), methods=["POST"]) for action in ACTIONS]
    return routes


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    watcher = warm_up.start(app.state.settings)
    try:
        yield
    finally:
        watcher.stop()


def _health(request: Request) -> Response:
    return PlainTextResponse("ok")


def _not_found(request: Request, error: Exception) -> Response:
    """A page's address with a slash at its end leads to the page; anything else is not here."""
    path = request.scope["path"]
    plain = path.rstrip("/")
    if request.method == "GET" and plain != path and any(page.match(plain) for page in PAGE_ADDRESSES):
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(answers.base_of(request) + quote(plain) + query, status_code=303)
    return answers.error_page(request, 404, "error.not_found")


def _failed(request: Request, error: Exception) -> Response:
    """Something went wrong: nothing of it is said here, since messages may quote data; the log names where."""
    return answers.error_page(request, 500, "error.failed")
