"""What guards every request before a page sees it: the Host and Origin that the site answers to, and the headers of every answer."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cdp_assets.settings import Settings

LOCAL = ("localhost", "127.0.0.1", "[::1]")
SAFE_METHODS = ("GET", "HEAD")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
LARGEST_FORM = 200_000  # bytes
HEARD_OUT, HEARD_OUT_SECONDS = 10 * LARGEST_FORM, 5  # bytes and seconds that a refused form may still go on
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:@/?#\[\]]+)(:\d{1,5})?", re.IGNORECASE)


class TooLarge(Exception):
    """A form goes on beyond what it may hold, whatever its head said of its length."""


class Guard:
    """ASGI middleware: refuses foreign hosts and origins, and adds the headers; `Cache-Control: no-store` where none is set."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._hosts = {*LOCAL, *listed(settings.web_hosts.lower())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if (asked := _asked_of_proxy(scope, self._settings)) is not None:
            MutableHeaders(scope=scope)["host"] = asked
        refusal = self._refusal(scope["method"], Headers(scope=scope))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if "server" in headers:
                    del headers["server"]
            await send(message)

        if refusal:
            await _heard_out(receive)
            await refusal(scope, receive, with_headers)
            return
        try:
            await self._app(scope, _counted(receive), with_headers)
        except TooLarge:
            await _too_large()(scope, receive, with_headers)

    def _refusal(self, method: str, headers: Headers) -> PlainTextResponse | None:
        """The answer to a request that is refused. The name that was asked for is not said back."""
        host = headers.get("host", "")
        if host_name(host) not in self._hosts:
            return _refused(
                "This site does not answer to that name: ONEFOLD_WEB_HOSTS lists the names it does."
            )
        if method in SAFE_METHODS:
            return None
        length = headers.get("content-length") or "0"
        if not length.isdecimal() or int(length) > LARGEST_FORM:
            return _too_large()
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return _refused("That form was sent by another site.")
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return _refused("That form was sent by another site.")
        return None


def _asked_of_proxy(scope: Scope, settings: Settings) -> str | None:
    """The Host that a browser asked a listed proxy for, where that rewrites Host and says so in X-Forwarded-Host; None elsewhere."""
    peer = (scope.get("client") or ("",))[0]
    named = Headers(scope=scope).getlist("x-forwarded-host")
    return named[0] if len(named) == 1 and is_trusted_proxy(settings, peer) else None


def _refused(why: str) -> PlainTextResponse:
    return PlainTextResponse(why, status_code=403)


def _too_large() -> PlainTextResponse:
    return PlainTextResponse("That form is too large.", status_code=413)


async def _heard_out(receive: Receive) -> None:
    """Take what is still being sent, within bounds: one who is hung up on while sending may never read why."""
    taken = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARD_OUT_SECONDS):
            while taken <= HEARD_OUT:
                message = await receive()
                taken += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return


def _counted(receive: Receive) -> Receive:
    """The request's body as far as it may go: a length in its head may be missing or wrong."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_FORM:
            if message.get("more_body"):
                await _heard_out(receive)
            raise TooLarge
        return message

    return counted


def host_name(host: str) -> str:
    """A Host header without its port, in small letters; nothing for what is no name with or without a port."""
    found = HOST.fullmatch(host.strip())
    return found[1].lower() if found else ""


def is_trusted_proxy(settings: Settings, peer: str) -> bool:
    """Whether a connection comes from a listed proxy: an address, or one of a listed network."""
    try:
        address = ipaddress.ip_address(peer)
        return any(
            address in ipaddress.ip_network(each, strict=False)
            for each in listed(settings.web_trusted_proxies)
        )
    except ValueError:
        return False


def address_of(request: Request, settings: Settings) -> str:
    """Where a request comes from: the connection's other end, or whom a listed proxy names last in X-Forwarded-For."""
    peer = request.client.host if request.client else ""
    named = [each for line in request.headers.getlist("x-forwarded-for") for each in listed(line)]
    return named[-1][:64] if named and is_trusted_proxy(settings, peer) else peer


def listed(text: str) -> Iterable[str]:
    """The items of a setting with commas."""
    return [each.strip() for each in text.split(",") if each.strip()]
