"""What guards every request before a page sees it: the Host and Origin that the site answers to, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
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


class Guard:
    """ASGI middleware: refuses foreign hosts and origins, and adds the headers; `Cache-Control: no-store` where none is set."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = {*LOCAL, *listed(settings.web_hosts.lower())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
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
            await PlainTextResponse(refusal, status_code=403)(scope, receive, with_headers)
        else:
            await self._app(scope, receive, with_headers)

    def _refusal(self, method: str, headers: Headers) -> str:
        """Why a request is refused, or nothing. The name that was asked for is not said back."""
        host = headers.get("host", "")
        if host_name(host) not in self._hosts:
            return "This site does not answer to that name: ONEFOLD_WEB_HOSTS lists the names it does."
        if method in SAFE_METHODS:
            return ""
        if int(headers.get("content-length") or 0) > LARGEST_FORM:
            return "That form is too large."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "That form was sent by another site."
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return "That form was sent by another site."
        return ""


def host_name(host: str) -> str:
    """A Host header without its port, in small letters."""
    lowered = host.lower().strip()
    if lowered.startswith("["):
        name, closing, _ = lowered.partition("]")
        return name + closing
    return lowered.partition(":")[0]


def listed(text: str) -> Iterable[str]:
    """The items of a setting with commas."""
    return [each.strip() for each in text.split(",") if each.strip()]
