"""The main paths in headless Chromium, on the real command, with every request watched: nothing may leave this machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.pages.rulings_inbox import waiting_rulings
from cdp_assets.settings import Settings
from tests.web.published_file import publish_made_up

CHROMIUM = next(
    (path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None
)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync"]  # fmt: skip
PATIENCE_MS = 30_000
CUSTOMER = hashlib.md5(b"customer7").hexdigest()

pytestmark = [
    pytest.mark.integration,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="skipped: no Chromium here (apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def home(published_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("browser") / "home"
    shutil.copytree(published_template, copy, symlinks=True)
    return copy


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    """`onefold ui` on a free port, ended afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from cdp_assets.cli import main; main()",
        "ui",
        "--home",
        str(home),
        "--port",
        str(port),
    ]
    environment = {**os.environ, "ONEFOLD_KEY": "test-key-of-at-least-thirty-two-bytes"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="skipped: playwright is not installed")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A tab that remembers every request to somewhere else."""
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    tab.set_default_timeout(PATIENCE_MS)
    outside: list[str] = []
    tab.on("request", lambda request: outside.append(request.url) if _is_outside(request.url) else None)
    yield tab
    tab.close()
    assert outside == []


@pytest.mark.parametrize(
    ("path", "title", "sight"),
    [
        ("/", "Overview", "Net revenue per week"),
        pytest.param("/segments", "Segments", "RFM grid", marks=pytest.mark.slow),
        pytest.param("/attribution", "Attribution", "Credit per marketing channel", marks=pytest.mark.slow),
        pytest.param("/data", "Data", "Rows by channel and export", marks=pytest.mark.slow),
    ],
)
def test_a_page_is_drawn_with_its_charts(address: str, page: Any, path: str, title: str, sight: str) -> None:
    page.goto(address + path)
    page.get_by_role("heading", name=title, exact=True).wait_for()
    page.get_by_text(sight).first.wait_for()
    page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first.wait_for()
    page.get_by_text("Generation").first.wait_for()
    assert page.locator("[data-testid=stException]").count() == 0


def test_a_customer_is_found_and_shown_whole(address: str, page: Any) -> None:
    page.goto(f"{address}/customers?customer={CUSTOMER}")
    page.get_by_text("Golden values").wait_for()
    page.get_by_role("tab", name="Timeline").click()
    page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    page.get_by_role("button", name="Back to the search").click()
    page.get_by_text("highest net revenue").wait_for()


def test_a_steward_rules_on_a_pair(address: str, page: Any, home: Path) -> None:
    page.goto(f"{address}/identity")
    page.get_by_role("tab", name="Review queue").click()
    page.get_by_text("not the same customer").first.click()
    page.get_by_label("Why").fill("two sisters")
    page.get_by_role("button", name="Record the ruling").click()
    page.get_by_text("It counts from the next run").wait_for()
    (line,) = waiting_rulings(Settings(home=home))
    assert (line["kind"], line["reason"]) == ("cannot_link", "two sisters")


@pytest.mark.slow
def test_an_open_page_picks_up_a_new_generation_by_itself(address: str, page: Any, home: Path) -> None:
    page.goto(f"{address}/customers")
    page.get_by_text("highest net revenue").wait_for()
    publish_made_up(Settings(home=home), customers=20, generation="g000003")
    page.get_by_text("g000003").first.wait_for(timeout=2 * PATIENCE_MS)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("the pages did not start")


def _is_outside(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:"))
