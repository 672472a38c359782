"""A made-up published home, and a reader of the site that needs no server."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from cdp_assets.settings import Settings
from cdp_assets.web.application import create_app
from tests.web.published_file import publish_made_up


@dataclass
class Reader:
    """A browser without scripts: keeps cookies, follows no redirect by itself, sends forms with the token of the page it saw."""

    settings: Settings
    base: str = "http://localhost:8501"
    peer: tuple[str, int] = ("127.0.0.1", 50000)
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    token: str = ""
    headers: Any = None  # of every request, such as a proxy adds

    def __post_init__(self) -> None:
        self.app = create_app(self.settings)

    def get(self, path: str, **options: Any) -> httpx.Response:
        found = self._send("GET", path, **options)
        if shown := re.search(
            r'name="token" value="([0-9a-f]{64})"',
            found.text if "text/html" in found.headers.get("content-type", "") else "",
        ):
            self.token = shown[1]
        return found

    def post(
        self, path: str, data: dict[str, Any] | None = None, *, token: str | None = None, **options: Any
    ) -> httpx.Response:
        return self._send(
            "POST", path, data={**(data or {}), "token": self.token if token is None else token}, **options
        )

    def follow(self, answer: httpx.Response) -> httpx.Response:
        return self.get(answer.headers["location"])

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, client=self.peer, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url=self.base, cookies=self.cookies, headers=self.headers
            ) as client:
                answer = await client.request(method, path, **options)
                self.cookies = client.cookies
                return answer

        return anyio.run(send)


Site = Callable[..., Reader]


@pytest.fixture(scope="session")
def published_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two generations, made once per test process; tests work on copies or read only."""
    home = tmp_path_factory.mktemp("published")
    settings = Settings(home=home, key="test-key-of-at-least-thirty-two-bytes")
    publish_made_up(settings, generation="g000001", customers=50)
    publish_made_up(settings, generation="g000002", customers=60)
    return home


@pytest.fixture
def published(published_template: Path, tmp_path: Path) -> Settings:
    """Settings of a home of its own with the made-up generations."""
    home = tmp_path / "home"
    shutil.copytree(published_template, home, symlinks=True)
    return Settings(home=home, key="test-key-of-at-least-thirty-two-bytes")


@pytest.fixture
def site(published: Settings) -> Reader:
    """The site without configuration: one local user."""
    return Reader(published)
