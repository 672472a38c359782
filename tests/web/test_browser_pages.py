"""Every page in a browser, in both languages: axe-core, words in the wrong language, values that are cut at four widths."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.rights import showing
from cdp_assets.settings import Settings
from cdp_assets.web.navigation import PAGES
from cdp_assets.web.published import current_published
from cdp_assets.web.texts import languages
from tests.web import browsing

pytestmark = pytest.mark.integration

# Codes that the made-up generation puts where real ones never stand; nobody translated them there.
MADE_UP = {"Held", "Likely same", "Refused", "Red", "Yellow", "Green", "Most trusted"}
PATHS = [page.tab_path(tab) for page in PAGES for tab in page.tabs]
# Each page in one language on every run of the integration tests, in the other with the slow ones.
LOOKS = [
    pytest.param(path, language, marks=[] if (at + turn) % 2 == 0 else [pytest.mark.slow])
    for at, path in enumerate(PATHS)
    for turn, language in enumerate(languages())
]


@pytest.fixture(scope="module")
def home(published_template: Path) -> Settings:
    """The made-up generations; or a home of one's own (ONEFOLD_TEST_HOME), to look at what a real run gives."""
    own = os.environ.get("ONEFOLD_TEST_HOME")
    return Settings(
        home=Path(own) if own else published_template, key="test-key-of-at-least-thirty-two-bytes"
    )


@pytest.fixture(scope="module")
def window(home: Settings) -> Iterator[Any]:
    """A page of a browser, and the address of the site: (page, base)."""
    from playwright.sync_api import sync_playwright

    path = browsing.chromium()
    with browsing.served(home) as base, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser.new_page(), base
        browser.close()


def _filled(home: Settings, path: str) -> str:
    shown = current_published(home)
    assert shown is not None
    if "{customer_id}" in path:
        found = shown.ask("select customer_id from customers order by record_count desc, customer_id limit 1")
        path = path.replace("{customer_id}", str(found["customer_id"].iloc[0]))
    path = path.replace("{audience}", "lookalike_seed").replace("{request_id}", _request(home))
    if "{left}" in path:
        pair = shown.ask(
            "select record_key_l, record_key_r from ops_review_queue order by queue_rank limit 1"
        )
        path = path.replace("{left}", str(pair.iloc[0, 0])).replace("{right}", str(pair.iloc[0, 1]))
    return path


def _request(home: Settings) -> str:
    """An open request with an erasure; of a home of one's own, the most urgent one."""
    return next((each["request_id"] for each in showing.read(home)["requests"]), "none")


@pytest.mark.parametrize(("path", "language"), LOOKS)
def test_a_page_is_accessible_translated_and_nothing_is_cut(
    window: tuple[Any, str], home: Settings, path: str, language: str
) -> None:
    page, base = window
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_viewport_size({"width": 1280, "height": 900})
    extra = "&segment=Champions" if path.endswith("download") else ""
    answer = page.goto(f"{base}{_filled(home, path)}?lang={language}{extra}")
    assert answer.status == 200
    problems = {
        "axe": browsing.accessibility(page),
        "untranslated": [
            each
            for each in browsing.untranslated(page, language)
            if each not in MADE_UP
            and browsing.is_foreign(re.sub(r"[A-Z][a-z ]*\d|(message|finding) \d", "", each), language)
        ],
        "cut": browsing.cut(page),
        "errors": errors,
    }
    said = [f"{name}: {each}" for name, found in problems.items() for each in found]
    if said:
        pytest.fail("\n".join(said), pytrace=False)


# A heat map of many columns on a phone; every chart at every width with the slow tests.
CROWDED = [
    pytest.param(path, widths, marks=[] if path == "/attribution/paths" and widths == (390,) else [pytest.mark.slow])
    for path in PATHS
    if "{" not in path
    for widths in ((390,), (768, 1280, 1920))
]  # fmt: skip


@pytest.mark.parametrize(("path", "widths"), CROWDED)
def test_the_words_of_charts_neither_overlap_nor_leave_their_picture(
    window: tuple[Any, str], path: str, widths: tuple[int, ...]
) -> None:
    page, base = window
    page.goto(f"{base}{path}?lang=en")
    said = browsing.crowded(page, widths)
    if said:
        pytest.fail("\n".join(said), pytrace=False)
