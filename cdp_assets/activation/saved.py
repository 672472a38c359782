"""Audiences that people save on the site: one decision per version in an inbox, taken by the next run into HOME/audiences.

The page and the run meet here; what an audience says is `audience`, where others come from is `library`. Every version that was taken is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from cdp_assets.activation.audience import NAME, read_audience
from cdp_assets.activation.library import SAVED
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.decisions import Decision, read_decisions, write_decision
from cdp_assets.private_files import write_private
from cdp_assets.settings import Settings

KIND = "audience"
VERSIONS = ".versions"  # folder beside the saved audiences, which the library does not read


@dataclass(frozen=True)
class Version:
    """One saved version of an audience. is_waiting: no run has taken it yet."""

    name: str
    version_id: str
    document: Mapping[str, Any]
    decided_by: str
    decided_at: str
    is_waiting: bool


def inbox_of(settings: Settings) -> Path:
    return settings.home / "audiences_inbox"


def save(settings: Settings, name: str, document: Mapping[str, Any], *, decided_by: str) -> str:
    """Write one version of an audience for the next run; returns its id. Raises ActivationProblem for what cannot be saved."""
    if not re.fullmatch(NAME, name):
        raise ActivationProblem(
            "this is no name of an audience", name[:80], "use small letters, digits and _, a letter first"
        )
    if (settings.project_dir / "audiences" / f"{name}.yaml").exists():
        raise ActivationProblem(
            "the project has an audience of that name",
            f"audiences/{name}.yaml",
            "change it there, or save under another name",
        )
    read_audience(document, f"audience {name}")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return write_decision(
        inbox_of(settings),
        {"kind": KIND, "name": name, "document": dict(document), "decided_by": decided_by, "decided_at": now},
    )


def take(settings: Settings) -> list[str]:
    """Bring the saved versions of the inbox into force, the oldest first; returns what could not be taken, in words.

    Killed between two steps, the next run does the rest: a version is in force before its decision leaves the inbox.
    """
    problems = []
    for decision in read_decisions(inbox_of(settings)):
        try:
            version = _version(decision, is_waiting=True)
            read_audience(version.document, f"audience {version.name}")
        except ActivationProblem as problem:
            problems.append(str(problem))
            continue
        text = f"# Saved on the site by {version.decided_by}, {version.decided_at}.\n" + yaml.safe_dump(
            dict(version.document), allow_unicode=True, sort_keys=False
        )
        folder = settings.home / SAVED
        kept = folder / VERSIONS / version.name / f"{decision.decision_id}.yaml"
        for path in (kept, folder / f"{version.name}.yaml"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, text.encode())
        decision.path.unlink()
    return problems


def versions(settings: Settings, name: str) -> list[Version]:
    """Every saved version of an audience, the newest first: those that wait, then those that runs took."""
    waiting = [each for each in _waiting(settings) if each.name == name]
    folder = settings.home / SAVED / VERSIONS / name
    taken = []
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
        text = path.read_text(encoding="utf-8")
        said = re.match(r"# Saved on the site by (.*), (\S+)\.\n", text)
        who, when = (said[1], said[2]) if said else ("", "")
        taken.append(Version(name, path.stem, yaml.safe_load(text), who, when, is_waiting=False))
    return [*waiting[::-1], *taken[::-1]]


def waiting(settings: Settings) -> list[Version]:
    """Versions that no run has taken yet, the newest first."""
    return _waiting(settings)[::-1]


def _waiting(settings: Settings) -> list[Version]:
    found = []
    for decision in read_decisions(inbox_of(settings)):
        try:
            found.append(_version(decision, is_waiting=True))
        except ActivationProblem:
            continue  # `take` tells of it
    return found


def _version(decision: Decision, *, is_waiting: bool) -> Version:
    content = decision.content or {}
    name, document = content.get("name"), content.get("document")
    if not isinstance(name, str) or not re.fullmatch(NAME, name) or not isinstance(document, dict):
        raise ActivationProblem(
            "a saved audience cannot be read",
            f"audiences_inbox/{decision.path.name}",
            "save it again, and remove the file",
        )
    return Version(
        name,
        decision.decision_id,
        document,
        _line(content.get("decided_by")),
        _line(content.get("decided_at")),
        is_waiting,
    )


def _line(value: Any) -> str:
    return " ".join(str(value or "").split())[:120]
