"""Signing in by OpenID Connect: the code flow with PKCE against one issuer (Authlib), and what its tokens say of a person."""

from __future__ import annotations

import time
from typing import Any

from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cdp_assets.settings import Settings
from cdp_assets.web.access.sessions import Session
from cdp_assets.web.access.store import opened
from cdp_assets.web.access.who import roles_of_groups

PATIENCE = 10.0  # seconds for each answer of the issuer
LASTS = 600.0  # seconds between going to the issuer and coming back
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]


class SignInProblem(RuntimeError):
    """The issuer's answer cannot be used."""


def start(settings: Settings, redirect: str, target: str) -> tuple[str, str]:
    """Where to send the person, and the state that has to come back in the same browser."""
    from authlib.common.security import generate_token

    verifier, nonce = generate_token(64), generate_token(32)
    client = _client(settings, redirect)
    address, state = client.create_authorization_url(
        _metadata(client, settings)["authorization_endpoint"], nonce=nonce, code_verifier=verifier
    )
    with opened(settings) as con:
        con.execute("delete from sign_ins where at < ?", (time.time() - LASTS,))
        con.execute(
            "insert into sign_ins values (?, ?, ?, ?, ?)", (state, nonce, verifier, target, time.time())
        )
    return str(address), str(state)


def finish(settings: Settings, redirect: str, query: str, state: str) -> tuple[Session, str]:
    """The person whom the issuer names, and where she wanted to go. Raises SignInProblem for anything that does not fit."""
    with opened(settings) as con:
        row = con.execute(
            "select * from sign_ins where state = ? and at > ?", (state, time.time() - LASTS)
        ).fetchone()
        con.execute("delete from sign_ins where state = ?", (state,))  # counts once
    if row is None:
        raise SignInProblem("this sign-in was not begun here, or too long ago")
    client = _client(settings, redirect)
    metadata = _metadata(client, settings)
    try:
        token = client.fetch_token(
            metadata["token_endpoint"],
            authorization_response=f"{redirect}?{query}",
            code_verifier=row["verifier"],
            state=state,
        )
        claims = _claims(client, settings, metadata, str(token["id_token"]), row["nonce"])
    except SignInProblem:
        raise
    except Exception as error:  # of the network, of the issuer, of a token: none of them signs anybody in
        raise SignInProblem(type(error).__name__) from error
    name = str(claims.get(settings.web_oidc_name_claim) or claims["sub"])
    groups = claims.get(settings.web_oidc_groups_claim) or []
    listed = [str(each) for each in groups] if isinstance(groups, list) else [str(groups)]
    return Session(name, "oidc", roles_of_groups(settings, listed)), str(row["target"])


def _client(settings: Settings, redirect: str) -> OAuth2Client:
    return OAuth2Client(
        settings.web_oidc_client_id, settings.web_oidc_client_secret, scope="openid profile", redirect_uri=redirect,
        code_challenge_method="S256", timeout=PATIENCE,
    )  # fmt: skip


def _metadata(client: OAuth2Client, settings: Settings) -> dict[str, Any]:
    issuer = settings.web_oidc_issuer.rstrip("/")
    try:
        found: dict[str, Any] = _json(client, f"{issuer}/.well-known/openid-configuration")
    except Exception as error:
        raise SignInProblem("the issuer does not answer") from error
    if str(found.get("issuer", "")).rstrip("/") != issuer:
        raise SignInProblem("the issuer names itself otherwise")
    return found


def _claims(
    client: OAuth2Client, settings: Settings, metadata: dict[str, Any], id_token: str, nonce: str
) -> dict[str, Any]:
    """The token's claims, once its signature, issuer, audience, nonce and time are right."""
    try:
        keys = KeySet.import_key_set(_json(client, metadata["jwks_uri"]))
        token = jwt.decode(id_token, keys, algorithms=ALGORITHMS)
        jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": settings.web_oidc_client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(token.claims)
    except JoseError as error:
        raise SignInProblem(type(error).__name__) from error
    return dict(token.claims)


def _json(client: OAuth2Client, address: str) -> Any:
    """What the issuer says in public; the person's token goes to nobody."""
    return client.request("GET", address, withhold_token=True).raise_for_status().json()
