"""The licences of everything in the lock, by the metadata of what is installed: `make check` fails where one is not on the allow-list.

The list stands in pyproject.toml, `[tool.onefold.licences]`: `allowed` SPDX names, `spelled` (how metadata names them otherwise), `stated`
(distributions whose metadata says nothing) and `development_only` (tools that are run, not imported and not shipped; see decision 18).
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
NONE = "(its metadata names none)"


def main() -> int:
    """Say which distributions are not allowed; returns the exit code."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["onefold"][
        "licences"
    ]
    names = locked_names((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    problems, absent = problems_of(names, runtime_closure("onefold"), rules)
    for problem in problems:
        print(problem)
    if problems:
        print(
            "Choose another library; or, after reading its licence, add to [tool.onefold.licences] in pyproject.toml"
        )
    elif "--verbose" in sys.argv:
        print(f"{len(names) - absent} licences are allowed; {absent} distributions are for other machines")
    return 1 if problems else 0


def problems_of(names: list[str], shipped: set[str], rules: dict[str, Any]) -> tuple[list[str], int]:
    """(one line per distribution that is not allowed, how many are not installed here)."""
    problems, absent = [], 0
    for name in names:
        try:
            licence = licence_of(distribution(name), rules)
        except PackageNotFoundError:
            absent += 1
            continue
        is_tool = name in rules["development_only"]
        if is_tool and name in shipped:
            problems.append(f"{name}: {licence} is allowed for development only, and the product needs it")
        elif not is_tool and not is_allowed(licence, set(rules["allowed"])):
            problems.append(f"{name}: {licence} is not on the list of allowed licences")
    return problems, absent


def locked_names(lock: str) -> list[str]:
    """Names of the distributions in the lock, canonical."""
    found = re.findall(r"(?m)^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", lock)
    return [canonicalize_name(name) for name in found]


def runtime_closure(name: str) -> set[str]:
    """Every distribution that the product needs on this machine, with the extras that are asked for."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(canonicalize_name(name), frozenset[str]())]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        try:
            lines = distribution(each[0]).requires or []
        except PackageNotFoundError:
            continue
        for needed in map(Requirement, lines):
            extras = ["", *each[1]]
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    return {each for each, _ in seen}


def licence_of(found: Distribution, rules: dict[str, Any]) -> str:
    """SPDX expression of a distribution: stated by us, its own expression, its licence field, or its classifiers (any of them)."""
    about: Any = found.metadata  # an e-mail message, whose type names only part of what it does
    stated: dict[str, str] = rules["stated"]
    spelled: dict[str, str] = rules["spelled"]
    name = canonicalize_name(about["Name"])
    if name in stated:
        return stated[name]
    if expression := about.get("License-Expression"):
        return str(expression)
    field = (about.get("License") or "").strip().split("\n")[0]
    if field in spelled or re.fullmatch(r"[\w.-]+( (AND|OR) [\w.-]+)*", field):
        return spelled.get(field, field)
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in about.get_all("Classifier") or []
        if each.startswith("License ::")
    ]
    return (
        " OR ".join(spelled.get(each, each) for each in classifiers if each != "OSI Approved")
        or field
        or NONE
    )


def is_allowed(expression: str, allowed: set[str]) -> bool:
    """Whether an SPDX expression leaves a choice that is on the list: every part of an AND, one part of an OR."""
    while "(" in expression:
        inner = re.search(r"\(([^()]*)\)", expression)
        if inner is None:
            return False
        verdict = "allowed" if is_allowed(inner.group(1), allowed) else "refused"
        expression = expression[: inner.start()] + verdict + expression[inner.end() :]
    known = allowed | {"allowed"}
    return any(
        all(part.strip() in known for part in choice.split(" AND ")) for choice in expression.split(" OR ")
    )


if __name__ == "__main__":
    sys.exit(main())
