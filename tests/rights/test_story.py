"""Six people ask for six things on the demo, at the privacy officer's page, three of them in Chinese: taken, looked for, decided, done, handed over."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets.demo import TIME_ZONE
from cdp_assets.demo.asking import FILE
from cdp_assets.demo.leads import FILE as LEADS
from cdp_assets.home import prepare_home
from cdp_assets.rights import showing
from cdp_assets.rights.importing import read_requests
from cdp_assets.settings import Settings
from cdp_assets.web.texts import Texts
from tests.test_demo_end_to_end import onefold
from tests.web import browsing

pytestmark = pytest.mark.slow
KINDS = ("erase", "access", "correct", "restrict", "object", "opt-out")


def query(settings: Settings, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.published_dir / "current" / "marts.duckdb"), read_only=True) as con:
        return con.execute(sql, list(values)).fetchall()


def revenue(settings: Settings) -> list[tuple[Any, ...]]:
    return query(
        settings,
        "select channel, order_date, sum(net_revenue)::double from marts.orders group by all order by all",
    )


class Officer:
    """The privacy officer at a browser, in one language."""

    def __init__(self, page: Any, base: str, language: str) -> None:
        self.page, self.base, self.language, self.texts = page, base, language, Texts(language)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}?lang={self.language}")

    def press(self, key: str) -> None:
        self.page.get_by_role("button", name=self.texts.t(key), exact=True).first.click()

    def take(self, kind: str, customer_id: str) -> None:
        self.open("/rights")
        page = self.page
        page.locator("select[name=kind]").select_option(kind)
        page.locator("select[name=type1]").select_option("customer_id")
        page.locator("input[name=value1]").fill(customer_id)
        page.locator("input[name=verified]").fill("passport seen")
        if kind == "correct":
            page.get_by_text(self.texts.t("rights.form.more")).click()
            page.locator("select[name=attribute]").select_option("full_name")
            page.locator("input[name=right_value]").fill("Corrected Name")
        self.press("rights.form.submit")
        page.get_by_text(self.texts.t("said.request_taken")).wait_for()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    out = tmp_path_factory.mktemp("story") / "out"
    ran = onefold(out, "demo", "--customers", "150", "--out", str(out))
    assert ran.code == 0, ran.text
    return Settings(home=out / "home", inbox=out / "inbox")


def test_six_people_ask(demo: Settings) -> None:
    from playwright.sync_api import sync_playwright

    path = browsing.chromium()
    people = [row[0] for row in query(
        demo,
        "select customer_id from marts.customers inner join marts.customer_rfm using (customer_id) inner join marts.customer_traits using (customer_id) "
        "where record_count between 2 and 6 order by customer_id limit 6",
    )]  # fmt: skip
    assert len(people) == 6
    before = revenue(demo)
    with browsing.served(demo) as base, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_context(accept_downloads=True, viewport={"width": 1280, "height": 900}).new_page()
        page.set_default_timeout(20_000)
        officers = [Officer(page, base, "en"), Officer(page, base, "zh")]
        for number, (kind, customer) in enumerate(zip(KINDS, people, strict=True)):
            officers[number % 2].take(kind, customer)
        assert len([line for line in prepare_home(demo) if "is taken" in line]) == 6
        requests = {each["kind"]: each for each in showing.read(demo)["requests"]}
        for number, kind in enumerate(KINDS):
            officer = officers[number % 2]
            decide(officer, requests[kind])
        prepare_home(demo)  # the words on records are taken
        for number, kind in enumerate(KINDS):
            officer = officers[number % 2]
            officer.open(f"/rights/{requests[kind]['request_id']}")
            if kind == "erase":
                page.locator("input[name=rewrite_inbox]").check()
            officer.press("rights.run")
            page.get_by_text(officer.texts.t("said.request_decided")).wait_for()
        ran = onefold(
            demo.home.parent,
            "run",
            "--home",
            str(demo.home),
            "--inbox",
            str(demo.inbox_dir),
            ONEFOLD_BUSINESS_TIME_ZONE=TIME_ZONE,
        )
        assert ran.code == 0, ran.text
        done = {each["kind"]: each for each in showing.read(demo)["requests"]}
        assert {kind: each["status"] for kind, each in done.items()} == dict.fromkeys(KINDS, "completed"), (
            done
        )
        officers[0].open(f"/rights/{done['erase']['request_id']}")
        assert page.get_by_text(officers[0].texts.t("rights.certificate_final")).is_visible()
        officers[1].open(f"/rights/{done['access']['request_id']}")
        with page.expect_download() as waited:
            officers[1].press("rights.fetch")
        with zipfile.ZipFile(io.BytesIO(Path(waited.value.path()).read_bytes())) as archive:
            assert "data.json" in archive.namelist() and people[0] not in archive.read("data.json").decode()
        browser.close()
    erased, _, corrected, restricted, objecting, opted_out = people
    assert revenue(demo) == before
    assert query(demo, "select count(*) from marts.customers where customer_id = ?", erased) == [(0,)]
    for table in ("customer_traits", "customer_rfm", "customer_value", "attribution_touches", "rfm_history"):
        for customer in (restricted, objecting):
            assert query(demo, f"select count(*) from marts.{table} where customer_id = ?", customer) == [
                (0,)
            ], table
    assert query(demo, "select count(*) from marts.customer_rfm where customer_id = ?", opted_out) == [(1,)]
    allowed = "select count(*) from marts.customer_permissions where customer_id = ? and is_allowed and list_contains(?, purpose)"
    assert query(demo, allowed, opted_out, ["ads_matching", "sharing"]) == [(0,)]
    assert query(demo, allowed, restricted, ["marketing", "measurement", "sharing"]) == [(0,)]
    assert query(
        demo, "select rule from marts.customer_attribute_provenance where customer_id = ? and attribute = 'full_name'", corrected
    ) == [("corrected",)]  # fmt: skip
    assert prepare_home(demo) == [f"request {done['access']['request_id'][:8]}: its answer was fetched"]


def test_who_stands_on_a_list_that_no_channel_reads_is_found_and_taken_off(demo: Settings) -> None:
    """The simulated retailer has such a list, and somebody who stands nowhere else asks to be forgotten; a customer on it is found there, too."""
    out = demo.home.parent
    asked = read_requests((out / FILE).read_text(encoding="utf-8"), FILE)
    (unread,) = (each for each in asked if each.identities[0].identity_type == "email")
    ((email, rows),) = duckdb.sql(
        f"select email, unread_rows from '{out}/truth/requests.parquet' where why = 'unread'"
    ).fetchall()
    assert (unread.identities[0].value, rows) == (email, 1)
    path = demo.inbox_dir / LEADS
    before = path.read_text(encoding="utf-8").splitlines()
    assert sum(email in line for line in before) == 1
    where = ("--home", str(demo.home), "--inbox", str(demo.inbox_dir))
    assert (
        onefold(out, "rights", "request", "erase", "--email", email, "--verified", "badge seen", *where).code
        == 0
    )
    (request,) = (each for each in showing.read(demo)["requests"] if each["status"] != "completed")
    first = onefold(out, "rights", "run", request["request_id"], *where)
    assert first.code == 3 and LEADS in first.text, first.text
    assert email not in first.text
    assert path.read_text(encoding="utf-8").splitlines() == before, "nobody's file is changed unasked"
    last = onefold(out, "rights", "run", request["request_id"], "--rewrite-inbox", *where)
    assert last.code == 0, last.text
    assert path.read_text(encoding="utf-8").splitlines() == [line for line in before if email not in line]


def decide(officer: Officer, request: dict[str, Any]) -> None:
    """Look at whom it covers, and say of each record that only a score joins that it is hers."""
    officer.open(f"/rights/{request['request_id']}")
    assert officer.page.get_by_text(officer.texts.t("rights.stores")).is_visible()
    for each in request["found"]["by_score"]:
        form = officer.page.locator(f"form:has(input[value='{each['record_key']}'])")
        form.get_by_role("button", name=officer.texts.t("rights.is_hers")).click()
        officer.page.get_by_text(officer.texts.t("said.request_decided")).wait_for()
        officer.open(f"/rights/{request['request_id']}")
