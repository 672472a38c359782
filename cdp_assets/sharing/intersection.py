"""Private set intersection by files: which contacts, or how many, two houses both have, without either showing the rest (ECDH, OpenMined PSI).

One side asks (`setup`: a request), the other answers (`respond`), the first reads (`intersect`). Files go by whatever way the two trust. Only contacts
whose holder granted sharing are compared; sets are capped above and below: a set of few asks about a person. The raw structure is exact.
"""

from __future__ import annotations

import getpass
import importlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cdp_assets import audit
from cdp_assets.landing.files import make_private_dir, replacing
from cdp_assets.settings import Settings
from cdp_assets.sharing.contacts import found_among, shareable
from cdp_assets.sharing.problems import SharingProblem

FORMAT = 1
LEAST = 20  # contacts of a set, and contacts that a bare count must reach to be told
MAX_HEADER = 4096


@dataclass(frozen=True)
class Answer:
    """What an intersection told: how many (None: fewer than LEAST), and for members the file that lists them."""

    count: int | None
    members: Path | None


def library() -> Any:
    """OpenMined PSI, which is no dependency. Raises SharingProblem where it is not installed."""
    try:
        return importlib.import_module("private_set_intersection.python")
    except ImportError:
        raise SharingProblem(
            "OpenMined PSI is not installed", "openmined-psi",
            "pip install --no-deps openmined-psi (it pins an older protobuf than the others take, and runs with theirs; glibc 2.35 or newer)",
        ) from None  # fmt: skip


def setup(settings: Settings, partner: str, kind: str, *, reveals: bool) -> tuple[Path, int]:
    """Write a request for the partner, and keep its secret; the file, and how many contacts are in it."""
    psi, mine = library(), shareable(settings, kind)
    _check_size(settings, len(mine), "here")
    client = psi.client.CreateWithNewKey(reveals)
    session = secrets.token_hex(8)
    folder = _folder(settings, partner)
    secret = {
        "session": session,
        "kind": kind,
        "reveals": reveals,
        "key": client.GetPrivateKeyBytes().hex(),
        "contact_ids": list(mine),
    }
    _write(folder / f"{session}.secret.json", json.dumps(secret).encode())
    request = client.CreateRequest(list(mine.values())).SerializeToString()
    header = {
        "what": "request",
        "session": session,
        "kind": kind,
        "reveals": reveals,
        "sizes": [len(request)],
    }
    path = folder / f"{session}.request.psi"
    _note(settings, "asked", partner, header, len(mine))
    _write(path, _packed(header, request))
    return path, len(mine)


def respond(
    settings: Settings, partner: str, request_file: Path, *, reveals: bool = False
) -> tuple[Path, int]:
    """Answer a partner's request with a key that is used once; the file, and how many contacts are in it. Raises SharingProblem.

    reveals: this house agrees that the partner learns which contacts both have; else only how many is told.
    """
    psi = library()
    header, (body,) = _unpacked(request_file, "request", 1)
    if header["reveals"] and not reveals:
        raise SharingProblem(
            "the partner asks which contacts both have, not how many",
            request_file.name,
            "where that was agreed, answer with --members; else ask the partner for a request with --count",
        )
    mine = shareable(settings, str(header["kind"]))
    _check_size(settings, len(mine), "here")
    request = psi.Request()
    _parse(request, body, request_file)
    _check_size(settings, len(request.encrypted_elements), str(request_file.name))
    if bool(request.reveal_intersection) != header["reveals"]:
        raise SharingProblem(
            "it says one thing and asks for another: members or how many",
            request_file.name,
            "ask for it anew",
        )
    server = psi.server.CreateWithNewKey(header["reveals"])
    answered = server.ProcessRequest(request).SerializeToString()
    own = server.CreateSetupMessage(
        1e-9, len(request.encrypted_elements), list(mine.values()), psi.DataStructure.RAW
    ).SerializeToString()
    path = _folder(settings, partner) / f"{header['session']}.answer.psi"
    _note(settings, "responded", partner, header, len(mine))
    _write(path, _packed({**header, "what": "answer", "sizes": [len(own), len(answered)]}, own + answered))
    return path, len(mine)


def intersect(settings: Settings, partner: str, answer_file: Path) -> Answer:
    """Read the partner's answer to a request of this home. Members who have withdrawn since are left out. Raises SharingProblem."""
    psi = library()
    header, (own, answered) = _unpacked(answer_file, "answer", 2)
    folder = _folder(settings, partner)
    secret_file = folder / f"{header['session']}.secret.json"
    if not secret_file.is_file():
        raise SharingProblem(
            "it answers no request of this home and partner",
            answer_file.name,
            "name the partner that was asked, or ask anew",
        )
    secret = json.loads(secret_file.read_text(encoding="utf-8"))
    server_setup, response = psi.ServerSetup(), psi.Response()
    _parse(server_setup, own, answer_file)
    _parse(response, answered, answer_file)
    _note(settings, "read", partner, secret, len(secret["contact_ids"]))
    client = psi.client.CreateFromKey(bytes.fromhex(secret["key"]), secret["reveals"])
    try:
        if not secret["reveals"]:
            count = int(client.GetIntersectionSize(server_setup, response))
            return Answer(count if count >= LEAST else None, None)
        places = list(client.GetIntersection(server_setup, response))
    except (ValueError, RuntimeError):
        raise SharingProblem(
            "it does not fit the request",
            answer_file.name,
            "ask the partner for the answer to the newest request",
        ) from None
    members = found_among(shareable(settings, secret["kind"]), secret["contact_ids"], places)
    path = folder / f"{header['session']}.members.csv"
    _write(path, "".join(f"{each}\n" for each in [secret["kind"], *members]).encode())
    return Answer(len(members), path)


def expire(settings: Settings, now: datetime) -> int:
    """Remove files of intersections that are older than `psi_days`; how many. A list of matches holds contacts in clear."""
    last = (now - timedelta(days=settings.psi_days)).timestamp()
    over = [path for path in settings.home.glob("psi/*/*") if path.is_file() and path.stat().st_mtime < last]
    for path in over:
        path.unlink()
    return len(over)


def _note(settings: Settings, what: str, partner: str, facts: Mapping[str, Any], contacts: int) -> None:
    """Into the audit log, before anything leaves: with whom, of what, and whether members are told."""
    audit.append(
        settings, getpass.getuser(), "intersection", what=what, partner=partner, session=facts["session"],
        contact_type=facts["kind"], members=facts["reveals"], contacts=contacts,
    )  # fmt: skip


def _folder(settings: Settings, partner: str) -> Path:
    if not partner.isidentifier():
        raise SharingProblem(
            "the partner's name cannot be a folder", "--partner", "use letters, digits and _"
        )
    return make_private_dir(settings.home / "psi" / partner)


def _check_size(settings: Settings, size: int, where: str) -> None:
    if size < LEAST:
        raise SharingProblem(
            f"{size} contacts are fewer than {LEAST}: the answer would be about single people",
            where,
            "compare once more people granted sharing",
        )
    if size > settings.psi_most:
        raise SharingProblem(
            f"{size:,} contacts are more than {settings.psi_most:,}", where, "set ONEFOLD_PSI_MOST higher (some minutes of processor per million), or send fewer"
        )  # fmt: skip


def _packed(header: dict[str, Any], body: bytes) -> bytes:
    return json.dumps({"format": FORMAT, **header}).encode() + b"\n" + body


def _unpacked(path: Path, what: str, parts: int) -> tuple[dict[str, Any], list[bytes]]:
    """Header and parts of a file of the protocol. Raises SharingProblem for anything else."""
    content = path.read_bytes() if path.is_file() else b""
    try:
        head, _, body = content.partition(b"\n")
        header = json.loads(head[:MAX_HEADER])
        sizes = [int(each) for each in header["sizes"]]
        known = (
            header["format"] == FORMAT
            and header["what"] == what
            and len(sizes) == parts
            and sum(sizes) == len(body)
        )
        session = str(header["session"])
        known = known and len(session) == 16 and session.isalnum() and isinstance(header["reveals"], bool)
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise SharingProblem(
            f"it is no whole {what} of an intersection",
            path.name,
            "ask for the file again, as it was written",
        )
    found, at = [], 0
    for size in sizes:
        found.append(body[at : at + size])
        at += size
    return header, found


def _parse(message: Any, body: bytes, path: Path) -> None:
    damaged: type[Exception] = importlib.import_module("google.protobuf.message").DecodeError
    try:
        message.ParseFromString(body)
    except damaged:
        raise SharingProblem(
            "it was changed on its way", path.name, "ask for the file again, as it was written"
        ) from None


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
