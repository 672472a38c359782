"""The jobs that people come for, done in a browser as a person would do them, in both languages, with the keyboard where it counts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cdp_assets import audit
from cdp_assets.activation import saved
from cdp_assets.decisions import read_decisions
from cdp_assets.settings import Settings
from cdp_assets.web.texts import Texts, languages
from tests.web import browsing
from tests.web.test_jobs import customer

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def home(published_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    copy = tmp_path_factory.mktemp("jobs") / "home"
    shutil.copytree(published_template, copy, symlinks=True)
    return Settings(home=copy, key="test-key-of-at-least-thirty-two-bytes")


@pytest.fixture(scope="module")
def browser_and_base(home: Settings) -> Iterator[tuple[Any, str]]:
    from playwright.sync_api import sync_playwright

    path = browsing.chromium()
    with browsing.served(home) as base, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser, base
        browser.close()


class Somebody:
    """A person at a browser: page, words of her language, and the address of the site."""

    def __init__(self, page: Any, base: str, language: str) -> None:
        self.page, self.base, self.texts = page, base, Texts(language)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def t(self, key: str, **values: object) -> str:
        return self.texts.t(key, **values)

    def label(self, name: str, family: str) -> str:
        return self.texts.label(name, family)

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def state(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.page.url).query)


@pytest.fixture(params=languages())
def kim(
    browser_and_base: tuple[Any, str], home: Settings, request: pytest.FixtureRequest
) -> Iterator[Somebody]:
    browser, base = browser_and_base
    shutil.rmtree(home.home / "rulings_inbox", ignore_errors=True)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{base}/?lang={request.param}")  # once: a cookie remembers the language
    yield Somebody(page, base, request.param)
    context.close()


def decisions(home: Settings) -> list[dict[str, Any]]:
    return [each.content or {} for each in read_decisions(home.home / "rulings_inbox")]


def test_b_a_customer_calls(kim: Somebody, home: Settings) -> None:
    """Find her by an order that she names, tell what is known, see her phone for a reason, print."""
    page = kim.page
    page.get_by_role("banner").get_by_role("searchbox").fill("#O7")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{customer(7)}")
    assert page.title().startswith(kim.t("customer.profile.tab"))
    page.get_by_role("link", name=kim.t("customer.timeline.tab")).click()
    assert page.get_by_role(
        "heading", name=re.compile(re.escape(kim.t("customer.happened.title")))
    ).is_visible()
    page.go_back()
    assert kim.path == f"/customers/{customer(7)}"
    assert "+8613800000007" not in page.content()
    page.get_by_text(kim.t("customer.reveal")).first.click()
    page.get_by_label(kim.t("customer.reveal_reason")).fill("she called")
    page.keyboard.press("Enter")
    page.get_by_text("+8613800000007").wait_for()
    assert audit.read(home)[0].facts["reason"] == "she called"
    page.emulate_media(media="print")
    assert (
        not page.get_by_role("navigation").first.is_visible()
        and page.get_by_text("+8613800000007").is_visible()
    )
    page.emulate_media(media="screen")
    page.go_back()
    assert "+8613800000007" not in page.content()  # what was in clear is not kept


def test_c_did_a_channel_pay_off(kim: Somebody) -> None:
    """Two clicks from the first page; the period is in the address, and Back leads through what was looked at."""
    page = kim.page
    page.get_by_role("link", name=kim.t("attribution.title"), exact=True).click()
    page.get_by_role("columnheader", name=re.compile(re.escape(kim.label("verdict", "columns")))).wait_for()
    page.get_by_label(kim.label("year", "periods")).check()
    page.wait_for_url("**period=year**")
    page.get_by_label(kim.label("month", "periods")).check()
    page.wait_for_url("**period=month**")
    sent = page.url
    page.go_back()
    assert kim.state["period"] == ["year"] and page.get_by_label(kim.label("year", "periods")).is_checked()
    other = page.context.new_page()
    other.goto(sent)  # a link that was sent shows the same
    assert other.get_by_label(kim.label("month", "periods")).is_checked()
    other.close()


def test_d_two_are_one_and_one_is_two(kim: Somebody, home: Settings) -> None:
    page = kim.page
    kim.open(f"/customers/{customer(7)}")
    page.get_by_role("link", name=kim.t("customer.decide.tab")).click()
    page.get_by_label(kim.t("deciding.merge.with")).fill(customer(8))
    page.keyboard.press("Enter")
    page.get_by_role("button", name=kim.t("deciding.merge.submit")).wait_for()
    assert kim.state["other"] == [customer(8)]
    merging = page.locator("form[action$='/merge']")
    merging.get_by_label(kim.t("deciding.reason")).fill("the same card")
    merging.get_by_role("button").click()
    page.get_by_text(kim.t("said.ruled")).wait_for()
    splitting = page.locator("form[action$='/split']")
    splitting.get_by_role("checkbox").first.check()
    splitting.get_by_label(kim.t("deciding.reason")).fill("her sister")
    splitting.get_by_role("button").click()
    page.get_by_text(kim.t("said.ruled")).wait_for()
    assert [each["because"] for each in decisions(home)] == ["merge", "split"]
    page.get_by_role("button", name=kim.t("deciding.withdraw")).first.click()
    page.get_by_text(kim.t("said.withdrawn")).wait_for()
    assert len(decisions(home)) == 1


def test_d_the_review_queue_by_keyboard_alone(kim: Somebody, home: Settings) -> None:
    """Begin, rule on a pair with its reason, go on to the next, skip one, go back: without a mouse."""
    page = kim.page
    kim.open("/review")
    page.keyboard.press("n")
    page.wait_for_url(re.compile(r"/review/[0-9a-f]+/[0-9a-f]+"))
    first = kim.path
    page.keyboard.press("d")
    assert page.locator("input[value=cannot_link]").is_checked()
    page.keyboard.press("s")
    assert page.locator("input[value=must_link]").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("same card, no doubt")  # letters that are keys elsewhere are text here
    page.keyboard.press("Enter")
    page.get_by_text(kim.t("said.ruled")).wait_for()
    second = kim.path
    assert second != first and second.startswith("/review/")
    page.keyboard.press("n")
    page.wait_for_url(lambda address: urlsplit(address).path != second)
    page.keyboard.press("p")
    page.wait_for_url(lambda address: urlsplit(address).path == second)
    (decision,) = decisions(home)
    assert (decision["reason"], decision["rulings"][0]["kind"]) == ("same card, no doubt", "must_link")


def test_e_why_did_numbers_change(kim: Somebody) -> None:
    page = kim.page
    page.get_by_role("link", name=kim.t("changes.title"), exact=True).click()
    page.get_by_role("link", name=kim.label("split", "bridge")).click()
    page.wait_for_url("**kind=split**")
    rows = page.locator("#t-rows tbody tr")
    assert rows.count() == 10  # 60 customers now, 50 before: the made-up events call them split off
    rows.first.get_by_role("link").first.click()
    page.wait_for_url("**/customers/*")
    page.go_back()
    assert kim.state["kind"] == ["split"]


def test_f_which_store_brings_customers_of_several_channels_and_what_are_they_worth(kim: Somebody) -> None:
    page = kim.page
    page.get_by_role("link", name=kim.t("beginnings.title"), exact=True).click()
    page.get_by_label(kim.label("store", "places"), exact=True).check()
    page.wait_for_url("**place=store**")
    page.get_by_label(kim.t("beginnings.days", days=180)).check()
    page.wait_for_url("**tenure=180**")
    assert kim.state["place"] == ["store"]
    heading = page.locator("#t-worth th", has_text=kim.t("beginnings.omnichannel_value", days=180))
    assert heading.is_visible() and page.locator("#t-worth tbody tr").count() > 1
    heading.get_by_role("link").click()  # most valuable first, and the address says so
    page.wait_for_url("**worth.sort=omnichannel_value**")
    page.get_by_role("link", name=kim.t("beginnings.cohorts.tab"), exact=True).click()
    page.wait_for_url("**/beginnings/cohorts**")
    page.go_back()
    assert kim.state["worth.sort"] == ["omnichannel_value~desc"]


def test_the_first_stop_of_the_keyboard_leads_to_the_content_and_the_focus_is_seen(kim: Somebody) -> None:
    page = kim.page
    kim.open("/segments")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == kim.t("frame.skip")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"


def test_a_chart_becomes_interactive_without_anything_from_outside(kim: Somebody) -> None:
    page = kim.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    kim.open("/segments")
    page.get_by_role("button", name=kim.t("frame.interactive")).first.click()
    page.locator("figure.picture .vega-embed svg, figure.picture svg.marks").first.wait_for(state="attached")
    assert all(each.startswith((kim.base, "data:")) for each in asked)


def test_the_site_is_usable_on_a_phone(kim: Somebody) -> None:
    page = kim.page
    page.set_viewport_size({"width": 390, "height": 800})
    kim.open("/")
    page.get_by_text(kim.t("frame.menu"), exact=True).click()
    page.get_by_role("link", name=kim.t("segments.title"), exact=True).first.click()
    page.wait_for_url("**/segments")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_our_best_customers_at_risk_for_the_newsletter_tool(kim: Somebody, home: Settings) -> None:
    """From the example to fifty by value for one's own tool, saved; the address holds what was chosen."""
    page = kim.page
    page.get_by_role("link", name=kim.t("audiences.title"), exact=True).click()
    page.get_by_role("link", name=kim.label("at_risk_by_value", "audience_templates")).click()
    page.get_by_label(kim.t("audiences.top")).fill("50")
    page.get_by_label(kim.t("audiences.purpose")).select_option("marketing")
    while page.locator("input[name=to]:checked").count():
        page.locator("input[name=to]:checked").first.uncheck()
    page.locator("input[name=to][value=mailchimp]").check()
    page.get_by_role("button", name=kim.t("audiences.count"), exact=True).click()
    page.wait_for_url("**top=50**")
    page.locator("#t-waterfall").wait_for()
    assert kim.state["to"] == ["mailchimp"] and kim.state["order"] == ["value.discounted_value_12_months"]
    page.get_by_role("button", name=kim.t("audiences.save")).click()
    page.get_by_text(kim.t("said.audience_saved")).wait_for()
    document = saved.versions(home, "at_risk_by_value")[0].document
    assert (document["top"], document["destinations"], document["purpose"]) == (
        50,
        ["mailchimp"],
        "marketing",
    )


def test_g_an_audience_to_meta_and_google(kim: Somebody, home: Settings) -> None:
    """A new one, by keyboard: what, how, value, where to; counted, named, saved."""
    page = kim.page
    kim.open("/audiences")
    page.get_by_role("link", name=kim.t("audiences.new")).click()
    page.get_by_label(kim.t("audiences.name_in_words")).fill("Best ones")
    page.get_by_label(kim.t("audiences.what", number=1)).select_option("rfm.segment")
    page.get_by_label(kim.t("audiences.value", number=1)).fill("Champions; Loyal")
    page.get_by_label(kim.t("audiences.purpose")).select_option("ads_matching")
    for name in ("meta", "google_data_manager"):
        page.locator(f"input[name=to][value={name}]").check()
    page.get_by_role("button", name=kim.t("audiences.count"), exact=True).press("Enter")
    page.locator("#t-waterfall").wait_for()
    page.get_by_label(kim.t("audiences.file_name")).fill(f"best_ones_{kim.texts.language}")
    page.keyboard.press("Enter")
    page.get_by_text(kim.t("said.audience_saved")).wait_for()
    document = saved.versions(home, f"best_ones_{kim.texts.language}")[0].document
    assert document["destinations"] == ["google_data_manager", "meta"]
    assert document["who"] == {"all": [{"rfm": {"segment": {"in": ["Champions", "Loyal"]}}}]}


def test_g_the_waterfall_follows_what_is_chosen_line_by_line_and_the_keyboard_reaches_every_field(
    kim: Somebody,
) -> None:
    """Bought cheese, or lost; and not among those who bought of late: a group, a level deeper, without a button."""
    page = kim.page
    kim.open(
        "/audiences/new?edit=1&title=x&l0=&w0=group.any&h0=yes&w1=rfm.segment&l1=1&h1=in&v1=Lost&w2=purchases.category&l2=1&h2=yes&v2="
    )
    page.get_by_text(kim.t("audiences.line_problem", number=3)).wait_for()
    page.get_by_label(kim.t("audiences.level", number=3)).focus()
    reached = []
    for _ in range(5):
        reached.append(page.evaluate("document.activeElement.name"))
        page.keyboard.press("Tab")
    assert reached == ["l2", "w2", "h2", "v2", "d2"]
    value = page.get_by_label(kim.t("audiences.value", number=3))
    value.focus()
    page.keyboard.type("category 1; category 2")
    page.keyboard.press("Tab")
    page.locator("#counted #t-waterfall").wait_for()
    assert page.evaluate("document.activeElement.name") == "d2"
    assert kim.state["v2"] == ["category 1; category 2"]
    said = kim.label("group_any", "subjects")
    page.locator("#counted").get_by_role("cell", name=re.compile(f"1\\. {said}")).wait_for()
    page.get_by_label(kim.t("audiences.what", number=4)).select_option("audience")
    page.get_by_label(kim.t("audiences.level", number=4)).select_option("")
    page.get_by_label(kim.t("audiences.how", number=4)).select_option("no")
    page.get_by_label(kim.t("audiences.value", number=4)).fill("bought_recently")
    page.keyboard.press("Tab")
    other = kim.label("bought_recently", "audience_templates")
    page.locator("#counted").get_by_role("cell", name=re.compile(f"2\\. .*{re.escape(other)}")).wait_for()


def test_a_from_a_template_with_all_that_it_says(kim: Somebody, home: Settings) -> None:
    """A template fills the form; what it says of holdout, priority and order goes along when it is saved under a new name."""
    page = kim.page
    kim.open("/audiences/new")
    page.get_by_role("link", name=kim.label("at_risk_by_value", "audience_templates")).click()
    page.locator("#t-waterfall").wait_for()
    page.get_by_label(kim.t("audiences.file_name")).fill(f"risk_{kim.texts.language}")
    page.keyboard.press("Enter")
    page.get_by_text(kim.t("said.audience_saved")).wait_for()
    document = saved.versions(home, f"risk_{kim.texts.language}")[0].document
    assert document["holdout"] == {"share": 0.1, "experiment": "win_back"} and document["priority"] == 1
    assert document["title"] == kim.label("at_risk_by_value", "audience_templates")
