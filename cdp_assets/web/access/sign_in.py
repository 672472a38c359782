"""The pages of signing in and out: with an account of the site, or at the issuer; each is noted, and tries are limited."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from cdp_assets import audit
from cdp_assets.settings import Settings
from cdp_assets.web import answers
from cdp_assets.web.access import accounts, sessions
from cdp_assets.web.access.guard import address_of
from cdp_assets.web.access.people import Person
from cdp_assets.web.access.sessions import COOKIE, Session
from cdp_assets.web.rendering import render
from cdp_assets.web.texts import languages

BEGUN_COOKIE = "onefold_sign_in"


def page(request: Request) -> Response:
    """The form, or the way to the issuer; nothing where nobody has to sign in."""
    settings = answers.settings_of(request)
    if settings.web_sign_in == "accounts":
        return _form(request, 200, "")
    if settings.web_sign_in == "oidc":
        return _to_issuer(request, settings)
    return RedirectResponse(answers.base_of(request) + "/", status_code=303)


async def sign_in(request: Request) -> Response:
    """Check name and password; the same words for an unknown name and a wrong password."""
    form = await request.form(max_files=0, max_fields=10)
    return await run_in_threadpool(
        _sign_in, request, {name: str(form.get(name) or "") for name in ("name", "password", "to", "token")}
    )


def _sign_in(request: Request, form: dict[str, str]) -> Response:
    settings = answers.settings_of(request)
    if settings.web_sign_in != "accounts":
        return answers.error_page(request, 404, "error.not_found")
    if not sessions.is_form_token(settings, _visitor(request), form["token"]):
        return answers.error_page(request, 403, "error.forged")
    name, address = form["name"].strip(), address_of(request, settings)
    if accounts.is_limited(settings, name, address):
        return _form(request, 429, "sign_in.limited", form["to"])
    if not accounts.check(settings, name, form["password"], address):
        # What is no name of an account may be a password in the wrong field, or anybody's address: it is not written down.
        audit.append(settings, name if accounts.is_known(settings, name) else "-", "sign_in_failed")
        return _form(request, 401, "sign_in.wrong", form["to"])
    return _begin(request, settings, Session(name, "account", None), form["to"])


def _begin(request: Request, settings: Settings, session: Session, target: str) -> Response:
    """A new session, never one that the browser brought."""
    if sessions.person_of(settings, session) is None:
        return answers.not_allowed(request, Person(session.name, frozenset()), "read")
    token = sessions.start(settings, session.name, session.origin, session.roles)
    audit.append(settings, session.name, "sign_in", origin=session.origin)
    base = answers.base_of(request)
    response = RedirectResponse(base + _within(target), status_code=303)
    response.set_cookie(
        COOKIE, token, path=base or "/", httponly=True, samesite="lax", secure=settings.web_is_secure
    )
    response.delete_cookie(BEGUN_COOKIE, path=base or "/", httponly=True, secure=settings.web_is_secure)
    return response


def _within(target: str) -> str:
    """An address of this site only: a foreign one would make the sign-in a trap."""
    is_own = target.startswith("/") and not target.startswith("//") and "\\" not in target
    is_plain = all(
        character > " " and character != "\x7f" for character in target
    )  # browsers take tabs and the like out
    return target if is_own and is_plain else "/"


def _form(request: Request, status: int, problem: str, target: str = "") -> Response:
    """The form. target: where to go afterwards, where the address does not say it."""
    import secrets

    settings, texts = answers.settings_of(request), answers.texts_of(request)
    visitor = request.cookies.get(answers.VISITOR_COOKIE) or secrets.token_urlsafe(24)
    base, to = answers.base_of(request), target or request.query_params.get("to", "/")
    html = render(
        "sign_in.html", texts, base, who=None, navigation=[], title=texts.t("sign_in.title"),
        problem=texts.t(problem) if problem else "", token=sessions.form_token(settings, visitor), to=to,
        switch={name: f"{base}/sign-in?{urlencode({'to': to, 'lang': name})}" for name in languages()},
    )  # fmt: skip
    response = answers.with_language(request, HTMLResponse(html, status_code=status))
    response.set_cookie(
        answers.VISITOR_COOKIE,
        visitor,
        path=answers.base_of(request) or "/",
        httponly=True,
        samesite="strict",
        secure=settings.web_is_secure,
    )
    return response


def _visitor(request: Request) -> str:
    return request.cookies.get(answers.VISITOR_COOKIE, "")


def _to_issuer(request: Request, settings: Settings) -> Response:
    from cdp_assets.web.access import oidc  # its libraries are loaded where they are used

    try:
        address, state = oidc.start(
            settings, _redirect(request, settings), request.query_params.get("to", "/")
        )
    except oidc.SignInProblem:
        return answers.error_page(request, 502, "error.issuer")
    response = RedirectResponse(address, status_code=303)
    response.set_cookie(
        BEGUN_COOKIE,
        state,
        max_age=600,
        path=answers.base_of(request) or "/",
        httponly=True,
        samesite="lax",
        secure=settings.web_is_secure,
    )
    return response


def come_back(request: Request) -> Response:
    """From the issuer: the state has to be the one that this browser left with."""
    settings = answers.settings_of(request)
    state = request.query_params.get("state", "")
    if settings.web_sign_in != "oidc" or not state or request.cookies.get(BEGUN_COOKIE) != state:
        return answers.error_page(request, 403, "error.forged")
    from cdp_assets.web.access import oidc

    try:
        session, target = oidc.finish(
            settings, _redirect(request, settings), urlencode(list(request.query_params.multi_items())), state
        )
    except oidc.SignInProblem:
        audit.append(settings, "-", "sign_in_failed", origin="oidc")
        return answers.error_page(request, 502, "error.issuer")
    return _begin(request, settings, session, target)


def _redirect(request: Request, settings: Settings) -> str:
    scheme = "https" if settings.web_is_secure else "http"
    return f"{scheme}://{request.headers['host']}{answers.base_of(request)}/sign-in/back"


async def sign_out(request: Request) -> Response:
    """End this session."""
    form = await request.form(max_files=0, max_fields=10)
    return await run_in_threadpool(_sign_out, request, str(form.get("token") or ""))


def _sign_out(request: Request, given: str) -> Response:
    settings = answers.settings_of(request)
    token = request.cookies.get(COOKIE, "")
    session = sessions.of_token(settings, token)
    if session is not None:
        if not sessions.is_form_token(settings, f"{token}\n{session.name}", given):
            return answers.error_page(request, 403, "error.forged")
        sessions.end(settings, token)
        audit.append(settings, session.name, "sign_out")
    response = RedirectResponse(answers.base_of(request) + "/sign-in", status_code=303)
    response.delete_cookie(
        COOKIE, path=answers.base_of(request) or "/", httponly=True, secure=settings.web_is_secure
    )
    return response


ROUTES = (
    Route("/sign-in", page, methods=["GET"]),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-in/back", come_back, methods=["GET"]),
    Route("/sign-out", sign_out, methods=["POST"]),
)
