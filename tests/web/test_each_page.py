"""Every tab of every page on a generation that holds every contracted mart: it answers, says which generation, and lacks nothing."""

from __future__ import annotations

import pytest

from cdp_assets.settings import Settings
from cdp_assets.web.navigation import PAGES
from cdp_assets.web.texts import languages
from tests.web.conftest import Reader
from tests.web.published_file import publish_made_up

ADDRESSES = [page.tab_path(tab) for page in PAGES for tab in page.tabs if "{" not in page.path]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_answers_in_every_language_and_says_which_generation_it_shows(
    site: Reader, address: str
) -> None:
    for language in languages():
        shown = site.get(address, params={"lang": language})
        assert shown.status_code == 200
        assert "g000002" in shown.text
        assert "<title>" in shown.text and "does not hold" not in shown.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_of_an_empty_generation_says_what_would_stand_there(tmp_path, address: str) -> None:
    settings = Settings(home=tmp_path, key="test-key-of-at-least-thirty-two-bytes")
    publish_made_up(settings, customers=0)
    assert Reader(settings).get(address).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_of_a_file_that_lacks_its_marts_says_so(tmp_path, address: str) -> None:
    settings = Settings(home=tmp_path, key="test-key-of-at-least-thirty-two-bytes")
    publish_made_up(
        settings,
        leave_out=(
            "attribution_summary",
            "customer_rfm",
            "orders",
            "scorecard_weekly",
            "ops_loads",
            "customer_crosswalk",
        ),
    )
    assert Reader(settings).get(address).status_code == 200


def test_without_a_generation_the_page_says_what_to_run(tmp_path) -> None:
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
