"""From a request to an answer: who asks, may they, on which generation, in which language; then the page or the action."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import compile_path

from cdp_assets import opened
from cdp_assets.settings import Settings
from cdp_assets.web.access import pace, sessions
from cdp_assets.web.access.people import Person, roles
from cdp_assets.web.access.who import person_of
from cdp_assets.web.action import Action, Done, Download, Refused, Shown
from cdp_assets.web.blocks import Note
from cdp_assets.web.built import blocks_of
from cdp_assets.web.page import Page
from cdp_assets.web.published import QueryStopped, current_published
from cdp_assets.web.rendering import render, render_page
from cdp_assets.web.texts import FALLBACK, Texts, languages
from cdp_assets.web.view import View

LANGUAGE_COOKIE, VISITOR_COOKIE = "onefold_language", "onefold_visitor"
LONGEST_ADDRESS = 8000
Navigation = list[tuple[str, list[tuple[str, str, str]]]]  # groups of (name, title, address)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """A form that was not accepted, as it came: the answer's page sends it again. token: of the session there is by now, if there is one."""

    fields: dict[str, list[str]]
    token: str = ""


class Redirect(Exception):
    """The request is answered by another address."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()


def settings_of(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


def texts_of(request: Request) -> Texts:
    """The language asked for: by the address, by the cookie, by the browser, else English."""
    asked = [request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)]
    accepted = [
        part.partition(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")
    ]
    for name in [*asked, *accepted]:
        short = (name or "").lower().partition("-")[0]
        if short in languages():
            return Texts(short)
    return Texts(FALLBACK)


def base_of(request: Request) -> str:
    return settings_of(request).web_base_path.rstrip("/")


def page_answer(page: Page, tab: str) -> Callable[[Request], Response]:
    """The endpoint of a page's tab."""

    def answer(request: Request) -> Response:
        view = _view(request, page.may)
        if isinstance(view, Response):
            return view
        try:
            return _with_cookies(request, page_response(view, page, tab))
        except Redirect as redirect:
            return RedirectResponse(view.base + redirect.address, status_code=303)
        except Exception as error:
            return failed(request, error)

    return answer


def failed(request: Request, error: Exception) -> Response:
    """The page for something that went wrong. The log gets its kind and place: messages quote data."""
    if isinstance(error, QueryStopped):
        return error_page(request, 503, "error.stopped")
    places = traceback.extract_tb(error.__traceback__)
    own = [place for place in places if "cdp_assets" in place.filename] or places
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
    log.error("a page failed: %s at %s", type(error).__name__, where)
    return error_page(request, 500, "error.failed")


def page_response(view: View, page: Page, tab: str) -> HTMLResponse:
    """The page as HTML."""
    said = view.one("said")
    if said and view.texts.has(f"said.{said}"):
        view.notices.append(Note(view.t(f"said.{said}"), "done"))
    blocks = blocks_of(view, page, tab)
    opened.note(view.settings, page.name)
    tabs = [
        (name, view.t(f"{page.name}.{name}.tab"), view.base + _filled(page.tab_path(name), view.values)) for name in page.tabs
    ] if len(page.tabs) > 1 else []  # fmt: skip
    title = view.t(f"{page.name}.title")
    parts = [view.t(f"{page.name}.{tab}.tab")] if tabs else []
    html = render_page(
        view, "page.html", page=page, tab=tab, tabs=tabs, blocks=blocks, title=title,
        window_title=" · ".join([*parts, title, view.t("frame.product")]), navigation=navigation(view),
    )  # fmt: skip
    return HTMLResponse(html, status_code=view.status)


def _filled(path: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        path = path.replace("{" + name + "}", quote(value, safe=":@"))
    return path


def navigation(view: View) -> Navigation:
    """The pages that this person may see, by group."""
    return _navigation_of(view.who, view.texts, view.base)


def _navigation_of(who: Person, texts: Texts, base: str) -> Navigation:
    from cdp_assets.web.navigation import PAGES  # the pages import what this module is made of

    groups: dict[str, list[tuple[str, str, str]]] = {}
    for page in PAGES:
        if page.group and who.may(page.may):
            groups.setdefault(page.group, []).append(
                (page.name, texts.t(f"{page.name}.title"), base + page.path)
            )
    return [(texts.t(f"frame.group_{name}"), pages) for name, pages in groups.items()]


def action_answer(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a form: checks its token before anything else is done."""

    async def answer(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=2000)
        fields = {name: form.getlist(name) for name in form}
        return await run_in_threadpool(_act, request, action, fields)

    return answer


def page_of_form(paths: Iterable[str]) -> Callable[[Request], Response]:
    """The endpoint of a form's address that is opened as a page (loaded anew, sent to somebody, the other language): on to the page above it."""
    pages = [compile_path(path)[0] for path in paths]

    def answer(request: Request) -> Response:
        above = request.scope["path"].rpartition("/")[0]
        while above and not any(page.match(above) for page in pages):
            above = above.rpartition("/")[0]
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(base_of(request) + (quote(above) or "/") + query, status_code=303)

    return answer


def _act(request: Request, action: Action, fields: dict[str, list[Any]]) -> Response:
    form = {name: [str(value) for value in values] for name, values in fields.items()}
    given = "".join(form.pop("token", [])[:1])
    if person_of(request, settings_of(request)) is None:
        return _signed_out(request, form)
    view = _view(request, action.may)
    if isinstance(view, Response):
        return view
    if not sessions.is_form_token(view.settings, _bound_to(request, view.who), given):
        return _not_of_this_session(request, view, form)
    view.form = form
    if pace.is_over(view.settings, f"{action.path}:{view.who.name}", most=action.most):
        return error_page(request, 429, "error.too_often", view.who)
    try:
        outcome = action.act(view)
    except Refused as refused:
        message = view.t(f"refused.{refused.code}", **refused.values)
        return _message_page(view, 400, message)
    except Exception as error:
        return failed(request, error)
    if isinstance(outcome, Done):
        query = urlencode({**outcome.query, **({"said": outcome.said} if outcome.said else {})})
        return RedirectResponse(view.base + outcome.path + ("?" + query if query else ""), status_code=303)
    if isinstance(outcome, Download):
        return download_response(outcome)
    return shown_response(view, outcome)


def _signed_out(request: Request, form: dict[str, list[str]]) -> Response:
    """A form came after its session was over: nothing is done, and it waits on the answer's page until its person is back."""
    settings = settings_of(request)
    if settings.web_sign_in == "header":
        return error_page(request, 401, "error.no_header")
    way_on = f"{base_of(request)}/sign-in?{urlencode({'to': _page_of_form(request)})}"
    return error_page(request, 401, "error.session_over", way_on=(way_on, "sign_in.title"), kept=Kept(form))


def _not_of_this_session(request: Request, view: View, form: dict[str, list[str]]) -> Response:
    """A form whose token is of no session or of another: where the browser vouches that it is a form of this site, its person may send it after a look."""
    if request.headers.get("origin") is None:  # one of another site was refused before (`guard`)
        return error_page(request, 403, "error.forged")
    return error_page(
        request, 403, "error.look_again", view.who, kept=Kept(form, view.token), signed=view.who.name
    )


def shown_response(view: View, outcome: Shown) -> Response:
    html = render_page(
        view, "page.html", page=None, tab="", tabs=[], blocks=outcome.blocks, title=outcome.title,
        window_title=f"{outcome.title} · {view.t('frame.product')}", navigation=navigation(view),
    )  # fmt: skip
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


def download_response(outcome: Download) -> Response:
    return Response(
        outcome.content,
        media_type=outcome.media_type,
        headers={"Content-Disposition": f'attachment; filename="{outcome.name}"'},
    )


def _bound_to(request: Request, who: Person) -> str:
    """What a form's token belongs to: the session, or the visitor's own cookie where there are no sessions."""
    return (
        (request.cookies.get(sessions.COOKIE) or request.cookies.get(VISITOR_COOKIE) or "") + "\n" + who.name
    )


def view_of(request: Request, permission: str) -> View | Response:
    """The request as pages see it, or the answer that stops it: sign in, not allowed, nothing published."""
    return _view(request, permission)


def _view(request: Request, permission: str) -> View | Response:
    settings = settings_of(request)
    if len(str(request.url)) > LONGEST_ADDRESS:
        return error_page(request, 414, "error.too_long")
    who = person_of(request, settings)
    if who is None:
        return _to_sign_in(request, settings)
    if not who.may(permission):
        return not_allowed(request, who, permission)
    shown = current_published(settings)
    if shown is None:
        return error_page(request, 503, "error.nothing_published", who)
    path = request.scope["path"]
    path = path.removeprefix("/export") if path.startswith("/export/") else path
    visitor = request.cookies.get(VISITOR_COOKIE) or _new_visitor(request)
    bound = (request.cookies.get(sessions.COOKIE) or visitor) + "\n" + who.name
    return View(
        settings=settings, shown=shown, who=who, texts=texts_of(request), base=base_of(request), path=path,
        query=_without(request.query_params, "lang"), token=sessions.form_token(settings, bound),
        values={name: str(value) for name, value in request.path_params.items()},
    )  # fmt: skip


def _without(query: QueryParams, name: str) -> QueryParams:
    return QueryParams([(key, value) for key, value in query.multi_items() if key != name])


def _new_visitor(request: Request) -> str:
    request.state.visitor = secrets.token_urlsafe(24)
    return str(request.state.visitor)


def _with_cookies(request: Request, response: Response) -> Response:
    """The visitor's cookie where it is new, and the language where the address chose one."""
    settings = settings_of(request)
    path, secure = base_of(request) or "/", settings.web_is_secure
    if hasattr(request.state, "visitor"):
        response.set_cookie(
            VISITOR_COOKIE, request.state.visitor, path=path, httponly=True, samesite="strict", secure=secure
        )
    return with_language(request, response)


def with_language(request: Request, response: Response) -> Response:
    """The language kept for the next pages, where the address chose one."""
    settings, language = settings_of(request), request.query_params.get("lang")
    if language in languages():
        response.set_cookie(
            LANGUAGE_COOKIE,
            language or "",
            max_age=31_536_000,
            path=base_of(request) or "/",
            httponly=True,
            samesite="strict",
            secure=settings.web_is_secure,
        )
    return response


def _to_sign_in(request: Request, settings: Settings) -> Response:
    """Nobody known: to the page that signs in, and back afterwards."""
    if settings.web_sign_in == "header":
        return error_page(request, 401, "error.no_header")
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Refresh": "true"})
    back = request.scope["path"] + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{base_of(request)}/sign-in?{urlencode({'to': back})}", status_code=303)


def _page_of_form(request: Request) -> str:
    """The page of this site on which a form stood, below the base path; the overview where the browser does not say."""
    came_from = urlsplit(request.headers.get("referer", ""))
    if came_from.netloc != request.headers.get("host", "") or not came_from.path.startswith(base_of(request)):
        return "/"
    path = came_from.path.removeprefix(base_of(request)) or "/"
    return path + (f"?{came_from.query}" if came_from.query else "")


def not_allowed(request: Request, who: Person, permission: str) -> Response:
    """A page for somebody whose roles do not reach: which roles she has, and which would do."""
    texts = texts_of(request)

    def named(names: Iterable[str]) -> str:
        return ", ".join(texts.label(name, "roles") for name in names) or texts.t("error.no_role")

    able = [name for name, role in roles().items() if permission in role["may"]]
    return error_page(request, 403, "error.not_allowed", who, own=named(sorted(who.roles)), able=named(able))


def error_page(
    request: Request,
    status: int,
    key: str,
    who: Person | None = None,
    way_on: tuple[str, str] | None = None,
    kept: Kept | None = None,
    **values: object,
) -> Response:
    """A page that says what is the matter and what to do; of the request it repeats nothing but a form that is kept.

    way_on: an address and the key of its words, in place of the overview's; beside a kept form it opens in a tab of its own.
    """
    texts, base = texts_of(request), base_of(request)
    settings = settings_of(request)
    address, words = way_on or (f"{base}/", "error.home")
    html = render(
        "message.html", texts, base, who=who, title=texts.t(f"{key}.title"), way_on=(address, texts.t(words)),
        navigation=[] if who is None else _navigation_of(who, texts, base),
        message=texts.t(f"{key}.text", folder=settings.published_dir, **values), status=status, kept=kept,
        here=base + quote(request.scope["path"]),
    )  # fmt: skip
    return HTMLResponse(html, status_code=status)


def _message_page(view: View, status: int, message: str) -> Response:
    html = render_page(
        view,
        "message.html",
        title=view.t("refused.title"),
        way_on=(view.to("/"), view.t("error.home")),
        message=message,
        status=status,
        kept=None,
        navigation=navigation(view),
    )
    return HTMLResponse(html, status_code=status)


def generation_notice(request: Request) -> Response:
    """What a page that is open asks now and then: nothing, or that there is a newer generation."""
    settings = settings_of(request)
    if person_of(request, settings) is None:
        return Response(status_code=401)
    shown = current_published(settings)
    seen = request.query_params.get("seen", "")
    if shown is None or seen == shown.generation:
        return Response(status_code=204)
    texts = texts_of(request)
    return HTMLResponse(render("notice.html", texts, base_of(request), generation=shown.generation))
