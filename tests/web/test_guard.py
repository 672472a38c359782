"""What guards every request: the names that the site answers to, the origin of forms, and the headers of every answer."""

from __future__ import annotations

import pytest

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
