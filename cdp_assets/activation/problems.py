"""What activation refuses, in words that name files, rules, columns and counts; never a customer's value."""

from __future__ import annotations

from pathlib import Path

from cdp_assets.errors import Problem
from cdp_assets.safe_yaml import RepeatedKey, WrongValue


class ActivationProblem(Problem):
    """An audience, a destination or an acknowledgement cannot be used; the message says where and what to do."""


def files_in(folder: Path) -> list[Path]:
    """A folder's YAML files, in the order of their names; where one stands under both endings, that which counts."""
    found = {path.stem: path for ending in ("yml", "yaml") for path in sorted(folder.glob(f"*.{ending}"))}
    return [found[name] for name in sorted(found)]


def not_yaml(path: Path, error: Exception) -> ActivationProblem:
    """What to say of a file that cannot be read as YAML, without its text."""
    mark = getattr(error, "problem_mark", None)
    where = f"{path}, line {mark.line + 1}" if mark else str(path)
    if isinstance(error, RepeatedKey):
        return ActivationProblem("a key stands twice", where, "leave one of them")
    if isinstance(error, WrongValue):
        return ActivationProblem(
            "a value is not what it looks like, such as a date that no calendar has",
            where,
            "correct it, or quote it where it is a text",
        )
    return ActivationProblem("the file is not YAML in UTF-8", where, "correct it")


def refuse_other_ending(path: Path) -> None:
    """Raises ActivationProblem for a file that would be passed over in silence, and another one taken in its stead."""
    if path.suffix != ".yaml":
        raise ActivationProblem(
            "the file's name does not count", str(path), "a file here ends in .yaml: rename it"
        )
