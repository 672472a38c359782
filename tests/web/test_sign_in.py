"""Signing in with accounts of the site, attacked: guesses, forged forms, stolen and old sessions, traps for after the sign-in."""

from __future__ import annotations

import html
import re
import sqlite3
import threading
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher

from cdp_assets import audit
from cdp_assets.settings import Settings
from cdp_assets.web.access import accounts, sessions
from cdp_assets.web.access.store import path_of
from tests.web.conftest import Reader

PASSWORD = "correct horse battery"


@pytest.fixture
def guarded(published: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    settings = published.model_copy(update={"web_sign_in": "accounts"})
    accounts.put(settings, "kim", ["analyst"], PASSWORD)
    return settings


def sign_in(site: Reader, name: str = "kim", password: str = PASSWORD, to: str = "/"):  # type: ignore[no-untyped-def]
    site.get("/sign-in")
    return site.post("/sign-in", {"name": name, "password": password, "to": to})


def test_who_is_not_signed_in_sees_no_page_and_comes_back_to_the_one_she_asked_for(guarded: Settings) -> None:
    site = Reader(guarded)
    sent = site.get("/attribution?period=week")
    assert sent.status_code == 303 and sent.headers["location"].startswith("/sign-in?to=%2Fattribution")
    assert 'name="password"' in site.follow(sent).text
    back = site.post("/sign-in", {"name": "kim", "password": PASSWORD, "to": "/attribution?period=week"})
    assert back.headers["location"] == "/attribution?period=week"
    assert site.follow(back).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/customers",
        "/sql",
        "/audit_log",
        "/export/segments?block=table&form=csv",
        "/fragment/generation",
        "/vega.js",
    ],
)
def test_without_a_session_nothing_of_the_data_is_answered(guarded: Settings, path: str) -> None:
    shown = Reader(guarded).get(path)
    assert shown.status_code in {303, 401, 403} or path == "/vega.js"
    assert "g000002" not in shown.text


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_sign_in_leads_to_this_site_only(guarded: Settings, target: str) -> None:
    assert sign_in(Reader(guarded), to=target).headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_name_are_told_alike(guarded: Settings) -> None:
    def words(text: str) -> str:
        return text.partition("<main")[2].partition('name="token"')[0]

    wrong = sign_in(Reader(guarded), password="wrong wrong wrong")
    unknown = sign_in(Reader(guarded), name="nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert words(wrong.text) == words(unknown.text) and 'role="alert"' in wrong.text


def test_guesses_are_limited_by_name_and_by_address_and_right_ones_are_forgotten(guarded: Settings) -> None:
    site = Reader(guarded)
    for _ in range(3):
        assert sign_in(site).status_code == 303
    answers = [
        sign_in(Reader(guarded, peer=(f"10.0.0.{n}", 1)), password="guess").status_code for n in range(9)
    ]
    assert answers == [401] * 8 + [429]  # one name from many addresses
    for n in range(8):
        sign_in(Reader(guarded, peer=("10.9.9.9", 1)), name=f"name{n}", password="guess")
    assert (
        sign_in(Reader(guarded, peer=("10.9.9.9", 1)), name="another").status_code == 429
    )  # many names from one


def test_guesses_at_the_same_moment_are_limited_too(guarded: Settings) -> None:
    answers: list[bool] = []

    def attack() -> None:
        answers.append(accounts.is_limited(guarded, "kim", "10.1.1.1"))

    threads = [threading.Thread(target=attack) for _ in range(24)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers.count(False) == accounts.TRIES


def test_behind_a_proxy_the_readers_own_address_counts_and_only_a_listed_proxy_names_it(
    guarded: Settings,
) -> None:
    proxied = guarded.model_copy(update={"web_trusted_proxies": "10.2.0.0/24"})

    def tries(peer: str, number: int) -> int:
        site = Reader(proxied, peer=(peer, 1))
        site.get("/sign-in")
        form = {"name": f"{peer}{number}", "password": "guess", "to": "/"}
        named = {"X-Forwarded-For": f"6.6.6.6, 203.0.113.{number}"}
        return site.post("/sign-in", form, headers=named).status_code

    assert {tries("10.2.0.9", number) for number in range(10)} == {401}
    assert 429 in {
        tries("198.51.100.7", number) for number in range(10)
    }  # not listed: what it says does not count


def test_a_password_stands_nowhere_in_clear(guarded: Settings) -> None:
    sign_in(Reader(guarded))
    sign_in(Reader(guarded), password="a mistyped secret")
    kept = b"".join(path.read_bytes() for path in path_of(guarded).parent.glob("web.sqlite*"))
    assert PASSWORD.encode() not in kept and b"a mistyped secret" not in kept and b"$argon2id$" in kept
    assert "secret" not in str(audit.read(guarded))
    assert path_of(guarded).stat().st_mode & 0o077 == 0


def test_a_session_is_new_hashed_and_out_of_reach_of_scripts_and_other_sites(guarded: Settings) -> None:
    secure = guarded.model_copy(update={"web_is_secure": True})
    site = Reader(secure, base="https://localhost:8501")
    site.cookies.set(sessions.COOKIE, "chosen-by-an-attacker")
    sent = [each for each in sign_in(site).headers.get_list("set-cookie") if each.startswith(sessions.COOKIE)]
    assert len(sent) == 1
    assert all(word in sent[0] for word in ("HttpOnly", "SameSite=lax", "Secure")) and "chosen" not in sent[0]
    token = sent[0].partition("=")[2].partition(";")[0]
    with sqlite3.connect(path_of(secure)) as con:
        assert token not in str(con.execute("select * from sessions").fetchall())


def test_a_form_of_signing_in_needs_the_token_of_its_own_browser(guarded: Settings) -> None:
    victim, attacker = Reader(guarded), Reader(guarded)
    attacker.get("/sign-in")
    victim.get("/sign-in")
    form = {"name": "kim", "password": PASSWORD, "to": "/"}
    assert victim.post("/sign-in", form, token=attacker.token).status_code == 403
    assert Reader(guarded).post("/sign-in", form, token="").status_code == 403


def test_signing_out_ends_the_session_itself_and_not_only_the_cookie(guarded: Settings) -> None:
    site = Reader(guarded)
    sign_in(site)
    site.get("/")
    stolen = site.cookies.get(sessions.COOKIE)
    assert site.post("/sign-out").status_code == 303
    thief = Reader(guarded)
    thief.cookies.set(sessions.COOKIE, stolen or "")
    assert thief.get("/").status_code == 303


def test_a_form_of_another_session_does_not_sign_out(guarded: Settings) -> None:
    accounts.put(guarded, "lee", ["analyst"], PASSWORD)
    kim, lee = Reader(guarded), Reader(guarded)
    for site, name in ((kim, "kim"), (lee, "lee")):
        sign_in(site, name=name)
        site.get("/")
    assert kim.post("/sign-out", token=lee.token).status_code == 403
    assert kim.get("/").status_code == 200


def test_sessions_end_by_revocation_by_a_disabled_account_and_by_time(guarded: Settings) -> None:
    site = Reader(guarded)
    sign_in(site)
    assert site.get("/").status_code == 200
    assert sessions.revoke_all(guarded, "kim") == 1
    assert site.get("/").status_code == 303
    sign_in(site)
    accounts.disable(guarded, "kim")
    assert site.get("/").status_code == 303
    assert sign_in(site).status_code == 401
    accounts.put(guarded, "kim", ["analyst"], None)
    assert sign_in(site).status_code == 303
    with sqlite3.connect(path_of(guarded)) as con:
        con.execute("update sessions set expires_at = 1")
    assert site.get("/").status_code == 303


def test_a_new_password_ends_the_sessions_that_the_old_one_began(guarded: Settings) -> None:
    thief, other = Reader(guarded), Reader(guarded)
    sign_in(thief)
    accounts.put(guarded, "lee", ["analyst"], PASSWORD)
    sign_in(other, name="lee")
    accounts.put(guarded, "kim", ["analyst", "steward"], None)
    assert thief.get("/").status_code == 200  # roles alone change at the next click
    accounts.put(guarded, "kim", ["analyst"], "another horse battery")
    assert (thief.get("/").status_code, other.get("/").status_code) == (303, 200)


def test_a_session_ends_with_the_way_of_signing_in_that_it_began_by(guarded: Settings) -> None:
    before = Reader(guarded)
    sign_in(before)
    after = Reader(
        guarded.model_copy(update={"web_sign_in": "oidc", "web_oidc_issuer": "http://127.0.0.1:9"}),
        cookies=before.cookies,
    )
    assert (before.get("/").status_code, after.get("/").status_code) == (200, 303)


def test_what_is_typed_as_a_name_and_is_none_stands_in_no_log(guarded: Settings) -> None:
    for name in ("kim", PASSWORD, "jane@example.com"):
        sign_in(Reader(guarded), name=name, password="wrong horse battery")
    assert [each.actor for each in audit.read(guarded, action="sign_in_failed")] == ["-", "-", "kim"]


def test_a_form_sent_after_the_session_is_over_waits_until_its_person_is_back(guarded: Settings) -> None:
    accounts.put(guarded, "kim", ["steward"], None)
    site = Reader(guarded)
    sign_in(site)
    pair = re.findall(r'href="(/review/[^"?]+)', site.get("/review").text)[0]
    site.get(pair)
    sessions.revoke_all(guarded, "kim")
    form = {"kind": "cannot_link", "reason": "two <sisters> & a mother"}
    sent = site.post(pair, form, headers={"Referer": f"http://localhost:8501{pair}?kind=near"})
    assert sent.status_code == 401 and "nothing was done" in sent.text
    (way,) = re.findall(r'href="(/sign-in[^"]*)" target="_blank"', sent.text)
    assert way == "/sign-in?" + urlencode({"to": f"{pair}?kind=near"})
    sign_in(site)
    looked = site.post(pair, kept_in(sent.text), token="", headers={"Origin": "http://localhost:8501"})
    assert looked.status_code == 403 and "You are signed in as kim" in looked.text
    assert kept_in(looked.text) == form
    assert not list((guarded.home / "rulings_inbox").glob("*.json")), "nothing is done before the look"
    (token,) = re.findall(
        r'name="token" value="([0-9a-f]{64})"><?\n?<input type="hidden" name="kind"', looked.text
    )
    done = site.post(pair, kept_in(looked.text), token=token, headers={"Origin": "http://localhost:8501"})
    assert done.status_code == 303
    (ruling,) = (guarded.home / "rulings_inbox").glob("*.json")
    assert form["reason"] in ruling.read_text(encoding="utf-8")


def test_a_form_of_no_session_is_kept_only_where_the_browser_vouches_for_it(guarded: Settings) -> None:
    accounts.put(guarded, "kim", ["steward"], None)
    site = Reader(guarded)
    sign_in(site)
    form = {"kind": "must_link", "reason": "x"}
    plain = site.post("/review/aa/bb", form, token="")
    assert plain.status_code == 403 and "must_link" not in plain.text
    foreign = site.post("/review/aa/bb", form, token="", headers={"Origin": "http://elsewhere.example"})
    assert foreign.status_code == 403 and "must_link" not in foreign.text
    sessions.revoke_all(guarded, "kim")
    elsewhere = site.post("/review/aa/bb", form, headers={"Referer": "http://elsewhere.example/review"})
    assert 'href="/sign-in?to=%2F"' in elsewhere.text


def kept_in(page: str) -> dict[str, str]:
    """The fields of the form that an answer keeps, without its token."""
    fields = re.findall(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.partition('role="alert"')[2]
    )
    return {name: html.unescape(value) for name, value in fields if name != "token"}


@pytest.mark.parametrize("password", ["short", "x" * 11])
def test_a_short_password_is_refused(guarded: Settings, password: str) -> None:
    with pytest.raises(accounts.AccountProblem):
        accounts.put(guarded, "new", ["analyst"], password)


def test_the_language_is_chosen_before_signing_in_and_a_wrong_password_forgets_neither_it_nor_the_way_back(
    guarded: Settings,
) -> None:
    site = Reader(guarded)
    shown = site.follow(site.get("/attribution?period=week"))
    (other,) = re.findall(r'href="(/sign-in\?[^"]*lang=zh)"', html.unescape(shown.text))
    assert "密码" in site.get(other).text
    form = {"name": "kim", "password": "wrong", "to": "/attribution?period=week"}
    again = site.post("/sign-in", form)
    assert "用户名或密码不正确" in again.text and 'name="to" value="/attribution?period=week"' in again.text
    back = site.post("/sign-in", {**form, "password": PASSWORD})
    assert back.headers["location"] == "/attribution?period=week" and "归因" in site.follow(back).text
