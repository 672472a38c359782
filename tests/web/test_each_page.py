"""Every tab of every page on a generation that holds every contracted mart: it answers, says which generation, and lacks nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cdp_assets.settings import Settings
from cdp_assets.web.navigation import PAGES
from cdp_assets.web.texts import languages
from tests.web.conftest import Reader
from tests.web.published_file import REQUEST, publish_made_up

CUSTOMER = hashlib.md5(b"customer7").hexdigest()
IN_PATHS = {
    "{customer_id}": CUSTOMER,
    "{left}": hashlib.md5(b"record7").hexdigest(),
    "{audience}": "lookalike_seed",
    "{request_id}": REQUEST,
    "{right}": hashlib.md5(b"record8").hexdigest(),
}

LEFT_OUT = (
    "attribution_summary",
    "customer_rfm",
    "orders",
    "scorecard_weekly",
    "ops_loads",
    "customer_crosswalk",
    "records",
)


def _filled(path: str) -> str:
    for name, value in IN_PATHS.items():
        path = path.replace(name, value)
    return path


ADDRESSES = [_filled(page.tab_path(tab)) for page in PAGES for tab in page.tabs]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_answers_in_every_language_and_says_which_generation_it_shows(
    site: Reader, address: str
) -> None:
    for language in languages():
        shown = site.get(address, params={"lang": language})
        assert shown.status_code == 200
        assert "g000002" in shown.text
        assert "<title>" in shown.text and "does not hold" not in shown.text


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    settings = Settings(home=tmp_path_factory.mktemp("empty"), key="test-key-of-at-least-thirty-two-bytes")
    publish_made_up(settings, customers=0)
    return Reader(settings)


@pytest.fixture(scope="module")
def lacking(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    settings = Settings(home=tmp_path_factory.mktemp("lacking"), key="test-key-of-at-least-thirty-two-bytes")
    publish_made_up(settings, leave_out=LEFT_OUT)
    return Reader(settings)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_of_an_empty_generation_says_what_would_stand_there(empty: Reader, address: str) -> None:
    is_single = any(
        each in address for each in ("/customers/", "/review/", "/rights/")
    )  # an audience is there without anybody in it
    assert empty.get(address).status_code == (404 if is_single else 200)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_of_a_file_that_lacks_its_marts_says_so(lacking: Reader, address: str) -> None:
    assert lacking.get(address).status_code == 200


def test_without_a_generation_the_page_says_what_to_run(tmp_path: Path) -> None:
    shown = Reader(Settings(home=tmp_path, key="test-key-of-at-least-thirty-two-bytes")).get("/")
    assert shown.status_code == 503
    assert "onefold run" in shown.text


def test_an_unknown_address_is_a_page_of_its_own(site: Reader) -> None:
    shown = site.get("/nowhere")
    assert shown.status_code == 404
    assert "nowhere" not in shown.text


def test_a_page_is_small_and_needs_nothing_from_outside(site: Reader) -> None:
    shown = site.get("/")
    assert len(shown.content) < 200_000
    assert "http://" not in shown.text.replace("http://www.w3.org", "") and "https://" not in shown.text
