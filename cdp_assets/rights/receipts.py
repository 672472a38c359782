"""What a request's sender gets, in the shape of OpenDSR 2.0, and the signatures on receipts and certificates (Ed25519, RFC 8032).

The signing key is derived from the home's key, so a restored home signs as the former did; the public key lies in HOME/rights.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cdp_assets.keys import hmac_of, load_key
from cdp_assets.landing.files import make_private_dir, replacing
from cdp_assets.rights.requests import OPENDSR_STATUS, Request, listed
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

API_VERSION = "2.0"
CONTROLLER = "onefold"
FOLDER = "receipts"  # below HOME/rights


def signing_key(key: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hmac_of(key, b"rights-signing"))


def public_key(key: bytes) -> str:
    """The public half, base64 of its 32 bytes."""
    raw = signing_key(key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def canonical(content: dict[str, Any]) -> bytes:
    """The bytes that are signed: JSON with sorted keys, no space, UTF-8."""
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    ).encode()


def signed(key: bytes, content: dict[str, Any]) -> dict[str, Any]:
    """The content with its signature and the public key beside it."""
    signature = base64.b64encode(signing_key(key).sign(canonical(content))).decode()
    return {
        **content,
        "signature": {"algorithm": "Ed25519", "public_key": public_key(key), "value": signature},
    }


def is_genuine(document: dict[str, Any], expected_public_key: str | None = None) -> bool:
    """Whether the signature is that of the content, and (where given) by the expected key."""
    signature = document.get("signature")
    if not isinstance(signature, dict) or (
        expected_public_key and signature.get("public_key") != expected_public_key
    ):
        return False
    content = {name: value for name, value in document.items() if name != "signature"}
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(str(signature.get("public_key"))))
        public.verify(base64.b64decode(str(signature.get("value"))), canonical(content))
    except (InvalidSignature, ValueError):
        return False
    return True


def receipt(
    key: bytes, request: Request, *, controller_id: str, encoded_request: str | None = None
) -> dict[str, Any]:
    """OpenDSR's answer to a request, signed: as it is taken, and once it is closed with what became of it.

    Nothing in it says who asked, unless their own request is given back encoded.
    """
    due = datetime.combine(request.due_date, time(23, 59, 59), UTC)
    closed = {}
    if request.closed_at:
        due = request.closed_at.replace(tzinfo=UTC, microsecond=0)
        closed = {"extensions": {"onefold": {
            "kind": request.kind, "status": request.status, "outcome": request.outcome, "closed_time": due.isoformat(),
        }}}  # fmt: skip
    content = {
        "controller_id": controller_id,
        "expected_completion_time": due.isoformat(),
        "received_time": request.received_at.replace(tzinfo=UTC).isoformat(timespec="seconds"),
        "subject_request_id": request.request_id,
        "request_status": OPENDSR_STATUS[request.status],
        "api_version": API_VERSION,
        **({"encoded_request": encoded_request} if encoded_request else {}),
        **closed,
    }
    return signed(key, content)


def path_of(settings: Settings, request_id: str) -> Path:
    """Where the receipt of a closed request lies."""
    return settings.home / "rights" / FOLDER / f"{request_id}.json"


def issue(settings: Settings) -> list[str]:
    """Write the receipts of closed requests that have none yet, and those that say what is no longer so; the ids. The same ledger gives the same bytes."""
    if not settings.state_path.exists():
        return []
    with connect_state(settings, read_only=True) as con:
        closed = [each for each in listed(con) if each.closed_at]
    key = load_key(settings) if closed else b""
    issued = []
    for each in closed:
        text = json.dumps(receipt(key, each, controller_id=CONTROLLER), indent=1, ensure_ascii=False)
        path = path_of(settings, each.request_id)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        make_private_dir(path.parent)
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        issued.append(each.request_id)
    return issued
