"""OpenID Connect against an issuer of our own on this machine, which can be made to lie."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from cdp_assets import audit
from cdp_assets.settings import Settings
from cdp_assets.web.access import accounts
from tests.web.conftest import Reader

CLIENT = "onefold-site"


@dataclass
class Issuer:
    """Speaks discovery, keys and token; `claims`, `key` and `header` say what its next token is."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    address: str = ""
    named: str | None = None  # what it calls itself, where it lies
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    signing: Any = None
    challenges: dict[str, str] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)
    is_down: bool = False

    def authorize(self, address: str, code: str = "code") -> str:
        """What the issuer's own page does once a person has signed in there: where she is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT and asked["code_challenge_method"] == "S256"
        self.challenges[code], self.nonces[code] = asked["code_challenge"], asked["nonce"]
        back = urlsplit(asked["redirect_uri"])
        return f"{back.path}?code={code}&state={asked['state']}"

    def answer(self, path: str, form: dict[str, str]) -> dict[str, Any] | None:
        if self.is_down:
            return None
        if path.endswith("openid-configuration"):
            return {
                "issuer": self.named or self.address, "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token", "jwks_uri": f"{self.address}/keys",
            }  # fmt: skip
        if path == "/keys":
            return {"keys": [self.key.as_dict(private=False)]}
        if path == "/token":
            return self._token(form)
        return None

    def _token(self, form: dict[str, str]) -> dict[str, Any] | None:
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if _encoded(digest) != self.challenges.get(form["code"]):
            return None
        now = int(time.time())
        claims = {
            "iss": self.address, "aud": CLIENT, "sub": "1234", "exp": now + 300, "iat": now, "nonce": self.nonces[form["code"]],
            "preferred_username": "kim", "groups": ["crm"], **self.claims,
        }  # fmt: skip
        if self.header["alg"] in {"none", "HS256"}:  # by hand: a library refuses to make these
            signed = ".".join(_encoded(json.dumps(part).encode()) for part in (self.header, claims))
            is_hmac = self.header["alg"] == "HS256"
            secret = self.key.as_pem(private=False)
            token = f"{signed}.{_encoded(hmac.digest(secret, signed.encode(), 'sha256')) if is_hmac else ''}"
        else:
            token = jwt.encode(self.header, claims, self.signing or self.key, algorithms=[self.header["alg"]])
        return {"access_token": "a", "token_type": "Bearer", "id_token": token}


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _served(issuer: Issuer) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            found = issuer.answer(urlsplit(self.path).path, form)
            self.send_response(200 if found is not None else 400)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(found or {"error": "invalid_grant"}).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    server = _served(made)
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(published: Settings, issuer: Issuer) -> Settings:
    return published.model_copy(
        update={
            "web_sign_in": "oidc", "web_oidc_issuer": issuer.address, "web_oidc_client_id": CLIENT, "web_oidc_client_secret": "s",
            "web_group_roles": "crm=steward,legal=privacy_officer",
        }
    )  # fmt: skip


def come_back(site: Reader, issuer: Issuer, target: str = "/") -> httpx.Response:
    begun = site.get("/sign-in", params={"to": target})
    return site.get(issuer.authorize(begun.headers["location"]))


def test_a_person_of_the_issuer_signs_in_and_her_groups_give_roles(
    settings: Settings, issuer: Issuer
) -> None:
    site = Reader(settings)
    back = come_back(site, issuer, "/review")
    assert (back.status_code, back.headers["location"]) == (303, "/review")
    assert site.follow(back).status_code == 200
    assert site.get("/audit_log").status_code == 403
    assert audit.read(settings)[0].actor == "kim"


def test_an_accounts_roles_come_before_those_of_groups_and_disabled_is_disabled(
    settings: Settings, issuer: Issuer
) -> None:
    accounts.put(settings, "kim", ["privacy_officer"], None)
    site = Reader(settings)
    come_back(site, issuer)
    assert site.get("/audit_log").status_code == 200
    accounts.disable(settings, "kim")
    assert site.get("/audit_log").status_code == 303
    assert come_back(site, issuer).status_code == 403


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"aud": "another-site"}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"nonce": "of-another-sign-in"}},
        {"claims": {"exp": 1000}},
        {"claims": {"exp": None}},
        {"claims": {"sub": None}},
        {"header": {"alg": "none"}},
        {"signing": RSAKey.generate_key(2048, {"kid": "one"})},
        {"named": "https://evil.example"},
    ],
)
def test_a_token_that_does_not_fit_signs_nobody_in(
    settings: Settings, issuer: Issuer, lie: dict[str, Any]
) -> None:
    site = Reader(settings)
    begun = site.get("/sign-in")
    for name, value in lie.items():
        setattr(issuer, name, value)
    back = site.get(issuer.authorize(begun.headers["location"]))
    assert back.status_code == 502 and "onefold_session" not in str(back.headers)
    assert site.get("/review").status_code in {303, 502}


def test_a_token_signed_with_the_public_key_as_a_secret_signs_nobody_in(
    settings: Settings, issuer: Issuer
) -> None:
    issuer.header = {"alg": "HS256", "kid": "one"}
    assert come_back(Reader(settings), issuer).status_code == 502


def test_an_answer_counts_once_and_only_in_the_browser_that_left(settings: Settings, issuer: Issuer) -> None:
    site, victim = Reader(settings), Reader(settings)
    address = issuer.authorize(site.get("/sign-in").headers["location"])
    assert victim.get(address).status_code == 403  # somebody else's sign-in, sent as a link
    assert site.get(address).status_code == 303
    again = Reader(settings)
    again.cookies.set("onefold_sign_in", parse_qs(urlsplit(address).query)["state"][0])
    assert again.get(address).status_code == 502


def test_a_stolen_code_is_worth_nothing_without_its_verifier(settings: Settings, issuer: Issuer) -> None:
    site, thief = Reader(settings), Reader(settings)
    issuer.authorize(site.get("/sign-in").headers["location"], code="stolen")
    own = issuer.authorize(thief.get("/sign-in").headers["location"], code="own")
    assert thief.get(own.replace("code=own", "code=stolen")).status_code == 502


def test_an_issuer_that_is_down_is_a_page_that_says_so(settings: Settings, issuer: Issuer) -> None:
    issuer.is_down = True
    assert Reader(settings).get("/sign-in").status_code == 502


@pytest.mark.parametrize(
    "host", ["localhost:80@evil.example", "localhost:8501/evil", "localhost#evil", "localhost:x"]
)
def test_the_address_to_come_back_to_is_never_another_host(settings: Settings, host: str) -> None:
    shown = Reader(settings).get("/sign-in", headers={"Host": host})
    assert shown.status_code == 403
