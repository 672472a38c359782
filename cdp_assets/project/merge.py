"""Merge two edits of one text, by lines (diff3): what only one side changed is taken, what both changed differently is marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

OURS, BORDER, THEIRS = "<<<<<<<", "=======", ">>>>>>>"


@dataclass(frozen=True)
class Merged:
    """The merged text; each conflict stands in it between marks, as git writes them."""

    text: str
    conflicts: int


def merge(base: str, yours: str, theirs: str, *, your_name: str, their_name: str) -> Merged:
    """Three-way merge of `yours` and `theirs`, both edits of `base`.

    Regions between lines that all three share are compared: equal to base on one side, the other side's text is taken.
    """
    lines = [text.splitlines(keepends=True) for text in (base, yours, theirs)]
    merged: list[str] = []
    conflicts = 0
    for base_part, your_part, their_part in _regions(*lines):
        if your_part in (their_part, base_part):
            merged += their_part
        elif their_part == base_part:
            merged += your_part
        else:
            conflicts += 1
            merged += [
                f"{OURS} {your_name}\n",
                *_ended(your_part),
                f"{BORDER}\n",
                *_ended(their_part),
                f"{THEIRS} {their_name}\n",
            ]
    return Merged("".join(merged), conflicts)


def has_marks(text: str) -> bool:
    """Whether a conflict is still to be resolved."""
    starts = [line.split(" ", 1)[0].rstrip("\n") for line in text.splitlines(keepends=True)]
    return OURS in starts and THEIRS in starts


def _regions(
    base: Sequence[str], yours: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """The three texts cut into regions: lines that are the same in all, and what lies between them."""
    in_yours, in_theirs = _matches(base, yours), _matches(base, theirs)
    b = y = t = 0
    for line in [*(i for i in range(len(base)) if i in in_yours and i in in_theirs), len(base)]:
        to_y, to_t = in_yours.get(line, len(yours)), in_theirs.get(line, len(theirs))
        yield list(base[b:line]), list(yours[y:to_y]), list(theirs[t:to_t])
        if line < len(base):
            yield [base[line]], [base[line]], [base[line]]
        b, y, t = line + 1, to_y + 1, to_t + 1


def _matches(base: Sequence[str], other: Sequence[str]) -> dict[int, int]:
    """Line of base → the line of the other text that it became, in order on both sides."""
    blocks = SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def _ended(lines: Sequence[str]) -> list[str]:
    """A mark begins a line of its own, also behind a text whose last line has no end."""
    return [line if line.endswith("\n") else line + "\n" for line in lines]
