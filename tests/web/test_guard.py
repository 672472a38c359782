"""What guards every request: the names that the site answers to, the origin of forms, and the headers of every answer."""

from __future__ import annotations

import pytest

from cdp_assets.settings import Settings
from tests.web.conftest import Reader


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::1"]
)
def test_a_foreign_host_is_refused_and_its_name_is_not_said_back(site: Reader, host: str) -> None:
    shown = site.get("/", headers={"Host": host})
    assert shown.status_code == 403
    assert "evil" not in shown.text


@pytest.mark.parametrize("host", ["localhost:9000", "127.0.0.1", "LOCALHOST", "[::1]:8501"])
def test_this_machine_is_answered_by_every_name_it_has(site: Reader, host: str) -> None:
    assert site.get("/health", headers={"Host": host}).status_code == 200


def test_a_foreign_host_with_its_own_origin_opens_nothing(site: Reader) -> None:
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    assert site.post("/sign-out", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_of_another_site_is_refused(site: Reader, headers: dict[str, str]) -> None:
    assert site.post("/health", headers=headers).status_code == 403


def test_every_answer_forbids_foreign_scripts_and_frames(site: Reader) -> None:
    for path in ("/", "/nowhere", "/health", "/static/style.css"):
        policy = site.get(path).headers["content-security-policy"]
        assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_pages_are_not_stored(site: Reader) -> None:
    assert site.get("/").headers["cache-control"] == "no-store"


def test_no_page_has_a_script_or_a_style_within(site: Reader) -> None:
    text = site.get("/").text
    assert "<script>" not in text and " style=" not in text and " onclick=" not in text


@pytest.mark.parametrize(
    ("peer", "named", "status"),
    [
        ("10.0.0.5", ["data.example.com"], 303),
        ("10.0.0.5", ["data.example.com:8443"], 403),  # the form's own origin has no port
        ("10.0.0.5", ["evil.example"], 403),
        ("10.0.0.5", ["data.example.com", "evil.example"], 403),
        ("10.0.0.5", [], 403),  # the proxy rewrote Host and does not say from what
        ("203.0.113.9", ["data.example.com"], 403),
    ],
)
def test_a_rewritten_host_counts_by_what_a_listed_proxy_says_was_asked_for(
    published: Settings, peer: str, named: list[str], status: int
) -> None:
    behind = published.model_copy(
        update={"web_hosts": "data.example.com", "web_trusted_proxies": "10.0.0.0/24"}
    )
    site = Reader(behind, base="http://127.0.0.1:8501", peer=(peer, 5000))
    site.get("/watch")
    site.headers = [("Origin", "https://data.example.com"), *(("X-Forwarded-Host", each) for each in named)]
    assert site.post("/watch/notes/add", {"day": "2017-12-11", "words": "Sale"}).status_code == status
