"""Platforms, played by a double: it carries out the files that wait, as an uploader and the platforms behind him would, and answers as traps.yaml says.

Nothing of activation's own code is used: files are read by their formats. What the platforms truly hold, and what became of every file, is the truth's
platforms.json; the ledger knows of it what the answers said.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cdp_assets.demo.parameters import load_parameters

TRUTH, ANSWERS = "truth/platforms.json", "answers"
REFUSES, TAKES_NO_SUCH_KEY = "the list is being processed: try again later", "not recognised"
Said = dict[str, Any]


def _requests(rows: Callable[[Any], list[str]]) -> Callable[[bytes], list[str]]:
    return lambda content: rows(json.loads(content))


def _sheet(content: bytes) -> list[str]:
    return [row[0] for row in list(csv.reader(io.StringIO(content.decode())))[1:]]


KEYS_OF: dict[str, Callable[[bytes], list[str]]] = {
    "meta": _requests(lambda said: [row[0] for row in said["payload"]["data"]]),
    "google_data_manager": _requests(
        lambda said: [
            key
            for member in said["audienceMembers"]
            for identifier in member["userData"]["userIdentifiers"]
            for key in identifier.values()
        ]
    ),
    "wechat_tags": _requests(lambda said: said["openid_list"]),
    "klaviyo": _sheet,
    "sms": _sheet,
}
"""Platform → the keys of one of its files, in their order. Nobody uploads to another."""


@dataclass
class Platforms:
    """What the platforms hold and did. lists: `<destination>/<audience>` → keys; fates: batch → what becomes of its answer; late: answers on their way."""

    lists: dict[str, list[str]] = field(default_factory=dict)
    fates: dict[str, str] = field(default_factory=dict)
    late: list[Said] = field(default_factory=list)
    nights: int = 0

    @classmethod
    def load(cls, out: Path) -> Platforms:
        """As the last night left them."""
        path = out / TRUTH
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else cls()

    def save(self, out: Path) -> None:
        text = json.dumps(self.__dict__, ensure_ascii=False, indent=1, sort_keys=True)
        (out / TRUTH).write_text(text + "\n", encoding="utf-8")

    def fates_told(self) -> dict[str, int]:
        """How many files met which fate."""
        return dict(sorted(Counter(self.fates.values()).items()))


def forget(out: Path) -> None:
    """A new home: the platforms have heard of nobody yet."""
    (out / TRUTH).unlink(missing_ok=True)


def late_answers(out: Path) -> Path | None:
    """A file of the answers that come a night late; None where there are none."""
    platforms = Platforms.load(out)
    if not platforms.late:
        return None
    answers, platforms.late = platforms.late, []
    platforms.save(out)
    return _written(out, f"night-{platforms.nights}-late", answers)


def play_night(home: Path, out: Path) -> Path | None:
    """Carry out what waits in HOME/activation; returns the file of the answers that come the same night, None where nobody says anything."""
    platforms = Platforms.load(out)
    platforms.nights += 1
    answers: list[Said] = []
    for manifest, batch, keys in _waiting(home):
        fate = _fate(platforms, manifest["destination"], batch["batch"])
        answers += _carry_out(platforms, fate, manifest, batch, keys)
    platforms.save(out)
    return _written(out, f"night-{platforms.nights}", answers) if answers else None


def _waiting(home: Path) -> list[tuple[Said, Said, list[str]]]:
    """(manifest, batch, keys) of what waits, as an uploader takes it: oldest proposal first, removals before additions."""
    manifests = []
    for path in home.glob("activation/*/*/*/manifest.json"):
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["destination"] in KEYS_OF:
            manifests.append((said["generation"], said["sequence"], path.parent.as_posix(), said))
    found = []
    for _, _, folder, said in sorted(manifests, key=lambda each: each[:3]):
        for batch in sorted(said["batches"], key=lambda each: (each["operation"] != "remove", each["batch"])):
            if batch.get("waits", True):
                content = (Path(folder) / batch["file"]).read_bytes()
                found.append((said, batch, KEYS_OF[said["destination"]](content)))
    return found


def _fate(platforms: Platforms, destination: str, batch: str) -> str:
    """What becomes of a batch's answer: the next of its destination's, and of one that was met before what follows from that."""
    before = platforms.fates.get(batch)
    if before is None:
        turns = load_parameters().traps["platforms"][destination]
        number = sum(each.startswith(f"{destination}/") for each in platforms.fates)
        platforms.fates[batch] = turns[number % len(turns)]
        return platforms.fates[batch]
    return "answered" if before == "partly" else before


def _carry_out(platforms: Platforms, fate: str, manifest: Said, batch: Said, keys: list[str]) -> list[Said]:
    """Change the platform's list as a file says, and give the answers that come at once."""
    answer = {"home": manifest["home"], "batch": batch["batch"], "sha256": batch["sha256"]}
    if fate == "refused":
        return [answer | {"status": "refused", "reason": REFUSES}]
    taken = keys
    if fate == "partly":
        taken = keys[: (len(keys) + 1) // 2]
        answer |= {"accepted": taken}
    elif fate == "one_refused":
        taken = keys[1:]
        answer |= {"refused": [{"key": keys[0], "reason": TAKES_NO_SUCH_KEY}]}
    _change(platforms, f"{manifest['destination']}/{manifest['audience']}", batch["operation"], taken)
    answer |= {"received": len(taken)}
    if fate == "late":
        platforms.late.append(answer)
    return {"lost": [], "late": [], "twice": [answer, answer]}.get(fate, [answer])


def _change(platforms: Platforms, name: str, operation: str, keys: list[str]) -> None:
    there = set(platforms.lists.get(name, []))
    platforms.lists[name] = sorted(there - set(keys) if operation == "remove" else there | set(keys))


def _written(out: Path, name: str, answers: list[Said]) -> Path:
    path = out / ANSWERS / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(each) + "\n" for each in answers), encoding="utf-8")
    return path
