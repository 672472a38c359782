"""What hostile or unlucky input meets: a clear page or message, nothing lost, nothing leaked."""

from __future__ import annotations

import hashlib
import html
import re
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import duckdb
import httpx
import pytest

from cdp_assets.decisions import read_decisions
from cdp_assets.publishing import generations
from cdp_assets.settings import Settings
from cdp_assets.web import published as files
from cdp_assets.web import warm_up
from cdp_assets.web.published import SHOWN, newest_published
from cdp_assets.web.texts import Texts
from tests.web.conftest import Reader
from tests.web.published_file import publish_made_up, revise
from tests.web.test_each_page import ADDRESSES, CUSTOMER

OTHER = hashlib.md5(b"customer8").hexdigest()
# One record of the other customer becomes hers.
MOVED = "".join(
    f"update new.marts.{table} set customer_id = '{CUSTOMER}' where record_key = "
    f"(select min(record_key) from new.marts.records where customer_id in ('{OTHER}', '{CUSTOMER}') and "
    f"record_key in (select record_key from new.marts.customer_crosswalk where customer_id = '{OTHER}'));"
    for table in ("records", "customer_crosswalk")
)
NASTY = "<img src=x onerror=alert(1)>**bold** [a](javascript:alert(1)) =cmd|' /C calc'!A0 {{7*7}} \u202e"


@pytest.fixture(scope="module")
def nasty(published_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """A home in which every text of people and channels is an attack."""
    settings = Settings(home=tmp_path_factory.mktemp("nasty"), key="test-key-of-at-least-thirty-two-bytes")
    publish_made_up(settings)
    path = Path(str((settings.published_dir / "current" / "marts.duckdb").resolve()))
    path.chmod(0o600)
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as found; use found.marts")
        for table in ("customers", "records"):
            con.execute(f"update {table} set masked_full_name = $1, city = $1, region = $1", [NASTY])
        con.execute("update products set product_name = $1, category = $1, brand = $1", [NASTY])
        con.execute("update attribution_summary set campaign = $1 where dimension = 'campaign'", [NASTY])
        con.execute("update ops_held_files set file_name = $1", [NASTY])
        con.execute("update customer_id_events set reason = $1", [NASTY])
    return Reader(settings)


@pytest.mark.parametrize("address", ADDRESSES)
def test_markup_and_formulas_in_data_stay_text(nasty: Reader, address: str) -> None:
    shown = nasty.get(address)
    assert shown.status_code == 200
    for attack in ("<img src=x", "<b>bold", "<strong>bold", 'href="javascript:', " 49 "):
        assert attack not in shown.text, attack


def test_an_attack_in_the_address_stays_text(site: Reader) -> None:
    attack = '"><script>alert(1)</script>'
    for address in (
        "/attribution",
        "/segments",
        "/data",
        "/identity",
        "/review",
        "/",
        f"/customers/{CUSTOMER}",
    ):
        names = (
            "period",
            "model",
            "from",
            "to",
            "table",
            "search",
            "segment",
            "said",
            "kind",
            "page.sort",
            "start",
            "metric",
            "lang",
        )
        shown = site.get(address, params=dict.fromkeys(names, attack))
        assert shown.status_code == 200 and "<script>alert" not in shown.text, address


@pytest.mark.parametrize(
    "customer_id", ["nobody", "%3Cscript%3E", "a" * 3000, "..%2F..%2Fetc", "%00", "张伟", "';--"]
)
def test_an_unknown_id_is_a_page_that_says_so_and_does_not_say_it_back(
    site: Reader, customer_id: str
) -> None:
    shown = site.get(f"/customers/{customer_id}")
    assert shown.status_code == 404 and "<script>" not in shown.text


def test_an_endless_address_is_refused(site: Reader) -> None:
    assert site.get("/?" + "x" * 9000).status_code == 414


def test_a_form_without_a_length_ends_where_it_is_too_large(site: Reader) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b"token="
        for _ in range(1000):
            sent += 10_000
            yield b"x" * 10_000

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=site.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=site.base) as client:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return await client.post("/customers/find", content=endless(), headers=kind)

    assert anyio.run(send).status_code == 413


@pytest.mark.parametrize("length", ["300000", "-1", "1e3", "x"])
def test_a_form_whose_length_is_none_or_too_large_is_refused(site: Reader, length: str) -> None:
    assert site.post("/customers/find", headers={"Content-Length": length}).status_code == 413


def test_a_form_with_files_or_thousands_of_fields_is_refused(site: Reader) -> None:
    site.get("/customers")
    files = {"q": ("x.txt", b"x")}
    assert site.post("/customers/find", files=files).status_code == 400
    many = {f"f{n}": "x" for n in range(3000)}
    assert site.post("/customers/find", many).status_code == 400


def test_a_generation_that_was_withdrawn_while_a_page_was_open_is_left_at_the_next_click(
    published: Settings,
) -> None:
    site = Reader(published)
    assert "g000002" in site.get("/segments").text
    assert site.get("/fragment/generation", params={"seen": "g000002"}).status_code == 204
    generations.flip(published, "g000001")  # what a rollback does to the links
    notice = site.get("/fragment/generation", params={"seen": "g000002"})
    assert notice.status_code == 200 and "g000001" in notice.text
    shown = site.get("/segments")
    assert "g000001" in shown.text and "g000002" not in shown.text.partition("<main")[2]
    gone = site.get("/changes")  # compares with the generation before, of which there is none
    assert gone.status_code == 200


def test_a_generation_that_was_revised_in_place_is_read_anew(published: Settings) -> None:
    site = Reader(published)
    before = re.findall(r"a\*\*\*@example.com", site.get("/customers").text)
    revise(published, "update new.marts.customers set masked_email = null")
    assert before and "a***@example.com" not in site.get("/customers").text


@pytest.mark.parametrize(
    ("page", "action", "form", "change"),
    [
        ("pair", "pair", {"kind": "must_link"}, "update new.marts.ops_review_queue set evidence_hash = 'newer'"),
        ("pair", "pair", {"kind": "must_link"}, "delete from new.marts.ops_review_queue"),
        (f"/customers/{CUSTOMER}/decide?other={OTHER}", f"/customers/{CUSTOMER}/merge", {"other": OTHER},
         MOVED),
        (f"/customers/{CUSTOMER}/decide", f"/customers/{CUSTOMER}/split", {"record": "first"},
         MOVED),
    ],
)  # fmt: skip
def test_what_was_decided_on_an_older_look_is_not_taken_for_a_decision_on_the_newer_one(
    published: Settings, page: str, action: str, form: dict[str, str], change: str
) -> None:
    site = Reader(published)
    pair = re.findall(r'href="(/review/[0-9a-f]+/[0-9a-f]+)', site.get("/review").text)[0]
    page, action = (pair if each == "pair" else each for each in (page, action))
    shown = site.get(page).text
    own = re.search(rf'<form[^>]*action="{action}">.*?</form>', shown, re.DOTALL)
    assert own
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', own[0]))
    record = re.search(r'name="record" value="(\w+)"', own[0])
    sent = {**hidden, **form, **({"record": record[1]} if record else {}), "reason": "one person"}
    revise(published, change)
    answer = site.post(action, sent)
    assert answer.status_code == 400 and "a newer generation changed what you decide on" in answer.text
    assert list(read_decisions(published.home / "rulings_inbox")) == []
    again = re.search(r'name="seen" value="([^"]*)"', site.get(page).text)
    assert again and site.post(action, {**sent, "seen": again[1]}).status_code == 303


def test_a_generation_whose_files_are_gone_is_a_page_and_no_error_of_the_server(published: Settings) -> None:
    site = Reader(published)
    site.get("/")
    (published.published_dir / "current").unlink()
    shown = site.get("/segments")
    assert shown.status_code == 503 and "onefold run" in shown.text


def test_a_failure_says_nothing_of_the_data_in_page_or_log(
    site: Reader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from cdp_assets.web.queries import segments

    def broken(*_: object) -> None:
        raise ValueError("Ann Lee +8613800000001")

    monkeypatch.setattr(segments, "segments", broken)
    shown = site.get("/segments")
    assert shown.status_code == 500 and "Ann" not in shown.text
    assert "ValueError at" in caplog.text and "Ann" not in caplog.text and "138" not in caplog.text


def test_a_search_of_a_thousand_characters_finds_what_its_beginning_says(site: Reader) -> None:
    site.get("/customers")
    shown = site.post("/customers/find", {"q": "漢" * 1000})
    assert shown.status_code == 200 and Texts("en").t("customers.too_long", longest=300) in shown.text


def test_a_new_generation_is_shown_once_it_is_warm_or_after_seconds_and_a_vanished_one_never(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(published.published_dir)
    site = Reader(published)
    assert "g000002" in site.get("/sql").text
    SHOWN.watch(folder, is_watched=True)
    generations.flip(published, "g000001")
    assert "g000002" in site.get("/sql").text  # the first reader does not wait for the new one
    newest = newest_published(published)
    assert newest is not None
    SHOWN.is_ready(newest.version)
    assert "g000001" in site.get("/sql").text
    generations.flip(published, "g000002")
    assert "g000001" in site.get("/sql").text
    monkeypatch.setattr("cdp_assets.web.published.PATIENCE", 0.0)
    assert "g000002" in site.get("/sql").text  # a warm-up that takes too long keeps nothing back
    monkeypatch.undo()
    generations.flip(published, "g000001")
    shutil.rmtree(published.published_dir / "g000002")
    assert "g000001" in site.get("/sql").text
    SHOWN.watch(folder, is_watched=False)


def test_a_home_whose_key_is_gone_says_so_on_the_pages_of_audiences(published: Settings) -> None:
    published.state_path.touch()
    site = Reader(published.model_copy(update={"key": None}))
    listed = site.get("/audiences")
    assert listed.status_code == 200 and listed.text.count("ONEFOLD_KEY") == 1
    shown = site.get("/audiences/at_risk_by_value")
    assert shown.status_code == 200 and "ONEFOLD_KEY" in shown.text


def test_an_id_that_was_merged_leads_to_the_customer_who_answers_for_it(published: Settings) -> None:
    heir, merged, before = customer_id(3), "f" * 32, "e" * 32
    _change_marts(
        published,
        f"update customer_id_events set event = 'merged', customer_id = '{heir}', other_customer_id = '{merged}' where rowid = 0",
        f"update customer_id_events set event = 'merged', customer_id = '{merged}', other_customer_id = '{before}' where rowid = 1",
    )
    site = Reader(published)
    for old in (merged, before):  # of which the second was merged into the first
        moved = site.get(f"/customers/{old}")
        assert (moved.status_code, moved.headers["location"]) == (303, f"/customers/{heir}?said=moved")
        assert Texts("en").t("said.moved") in site.follow(moved).text
        assert site.get(f"/export/customers/{old}/records?block=records&form=csv").status_code == 404


def test_a_customer_of_a_withdrawn_generation_alone_is_unknown(published: Settings) -> None:
    site = Reader(published)
    only_in_the_second = customer_id(55)  # the first generation has fifty customers
    assert site.get(f"/customers/{only_in_the_second}").status_code == 200
    generations.flip(published, "g000001")
    assert site.get(f"/customers/{only_in_the_second}").status_code == 404


def test_a_withdrawn_generation_is_left_within_ten_seconds_while_the_one_before_is_made_ready(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(published.published_dir)
    site = Reader(published)
    assert "g000002" in site.get("/sql").text
    SHOWN.watch(folder, is_watched=True)
    try:
        generations.flip(published, "g000001")
        assert "g000002" in site.get("/sql").text
        assert files.PATIENCE_BACK + warm_up.LOOK_EVERY < 10 < files.PATIENCE
        monkeypatch.setattr(files, "PATIENCE_BACK", 0.0)
        assert "g000001" in site.get("/sql").text
    finally:
        SHOWN.watch(folder, is_watched=False)


def customer_id(number: int) -> str:
    return hashlib.md5(f"customer{number}".encode()).hexdigest()


def _change_marts(settings: Settings, *statements: str) -> None:
    path = Path(str((settings.published_dir / "current" / "marts.duckdb").resolve()))
    path.chmod(0o600)
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as found; use found.marts")
        for statement in statements:
            con.execute(statement)


@pytest.mark.parametrize(
    "days", ["start=2017-13-45&end=2017-12-01", "start=2017-12-01", "start=2017-12-02&end=2017-12-01"]
)
def test_days_that_are_no_period_are_said(site: Reader, days: str) -> None:
    said = Texts("en").t("attribution.payoff.no_range")
    assert said in html.unescape(site.get(f"/attribution?period=own&{days}").text)
    assert said not in html.unescape(site.get("/attribution?period=own").text)


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/customers/find?lang=zh", "/customers?lang=zh"),
        (f"/customers/{hashlib.md5(b'customer7').hexdigest()}/reveal", f"/customers/{hashlib.md5(b'customer7').hexdigest()}"),
        ("/review/aa/bb/reveal", "/review/aa/bb"),
        ("/watch/alerts/add", "/watch"),
        ("/sql/run", "/sql"),
        ("/decisions/withdraw", "/"),
    ],
)  # fmt: skip
def test_the_address_of_a_form_opened_as_a_page_leads_to_the_page_above_it(
    site: Reader, address: str, page: str
) -> None:
    opened = site.get(address)
    assert (opened.status_code, opened.headers["location"]) == (303, page)


def test_a_form_that_was_sent_twice_decides_once(site: Reader) -> None:
    site.get(f"/customers/{CUSTOMER}/decide")
    form = {"other": customer_id(8), "reason": "the same card"}
    answers = [site.post(f"/customers/{CUSTOMER}/merge", form) for _ in range(2)]
    assert {each.headers["location"] for each in answers} == {f"/customers/{CUSTOMER}/decide?said=ruled"}
    assert len(list((site.settings.home / "rulings_inbox").glob("*.json"))) == 1
    site.post(f"/customers/{CUSTOMER}/merge", {**form, "reason": "and the same address"})
    assert len(list((site.settings.home / "rulings_inbox").glob("*.json"))) == 2


def test_a_customer_whose_consents_have_no_time_has_a_page(published: Settings) -> None:
    _change_marts(published, f"update consents set recorded_at = null where customer_id = '{CUSTOMER}'")
    shown = Reader(published).get(f"/customers/{CUSTOMER}?lang=en")
    assert shown.status_code == 200 and 'id="t-consents"' in shown.text


@pytest.mark.parametrize(
    ("address", "place"),
    [("/customers/", "/onefold/customers"), ("/segments/rfm/?lang=zh", None), ("/review///", "/onefold/review"), ("/onefold", None),
     ("//evil.example/", None), ("//evil.example/customers/", None), ("/customers/" + "0" * 32 + "/", "/onefold/customers/" + "0" * 32)],
)  # fmt: skip
def test_a_slash_at_the_end_of_a_pages_address_leads_to_the_page_below_the_base_path(
    published: Settings, address: str, place: str | None
) -> None:
    site = Reader(published.model_copy(update={"web_base_path": "/onefold", "web_is_secure": True}))
    answer = site.get("http://localhost:8501" + address)
    assert (answer.headers.get("location"), answer.status_code) == (place, 303 if place else 404)


def test_a_worker_that_nobody_asks_anything_lets_go_of_a_generation_that_was_replaced(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An erasure waits for it: a worker held the former generation open, and her in its memory, until the next page was asked for."""
    monkeypatch.setattr(files, "PATIENCE_BACK", 0.0)
    monkeypatch.setattr(warm_up.Watcher, "_make_ready", lambda self, newest: SHOWN.is_ready(newest.version))
    shown = newest_published(published)
    assert shown is not None
    shown.ask("select count(*) from customers")
    watcher = warm_up.Watcher(published)
    try:
        generations.flip(published, "g000001")
        until = time.monotonic() + 10
        while files._CACHE.kept(shown.version) and time.monotonic() < until:
            time.sleep(0.1)
        assert files._CACHE.kept(shown.version) == {}
        assert shown.version not in {key[0] for key in files._CACHE._connections}
    finally:
        watcher.stop()
