"""Many literals looked for inside many texts at once, in the time of few: by what a literal begins and ends with, then by the whole.

The first characters of every literal mark a table of bits; where a text's characters hit it, the end that a literal of each length would have
there is looked up, too; the few places that are left are compared in full. A regular expression of thousands of literals is a hundred times slower.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

GRAM = (
    6  # bytes at a literal's beginning and end; shorter literals are not looked for (`traces.LEAST_LITERAL`)
)
BITS = 22
SPREAD = np.uint64(0x9E3779B97F4A7C15)

Places = npt.NDArray[np.int64]
Grams = npt.NDArray[np.uint64]


class Words:
    """Literals of at least GRAM bytes, upper or lower case; a number inside a longer word is another one, and so is a longer one at its edges.

    is_inside: any place counts, also inside a longer number.
    """

    def __init__(self, literals: Sequence[str], *, is_inside: bool = False) -> None:
        self._is_inside = is_inside
        lowered = pc.utf8_lower(pa.array([each for each in literals if each], pa.string())).to_pylist()
        self._literals = {each.encode() for each in lowered if len(each.encode()) >= GRAM}
        self._begins = np.zeros(1 << BITS, dtype=bool)
        self._pairs: dict[int, Grams] = {}
        by_length: dict[int, list[bytes]] = {}
        for each in self._literals:
            by_length.setdefault(len(each), []).append(each)
        for length, some in by_length.items():
            begins, ends = (_grams(np.frombuffer(b"".join(parts), np.uint8))[::GRAM] for parts in (
                [each[:GRAM] for each in some], [each[-GRAM:] for each in some]
            ))  # fmt: skip
            self._begins[_slot(begins)] = True
            self._pairs[length] = np.unique(_pair(begins, ends))

    def held_by(self, texts: pa.Array) -> Places:
        """Places of the texts that hold a literal."""
        lowered = pc.utf8_lower(pc.cast(texts, pa.large_string()))
        lowered = pc.fill_null(lowered, "")
        offsets = np.frombuffer(lowered.buffers()[1], np.int64)[
            lowered.offset : lowered.offset + len(lowered) + 1
        ]
        content = np.frombuffer(lowered.buffers()[2] or b"", np.uint8)
        if len(content) < GRAM or not self._literals:
            return np.empty(0, np.int64)
        grams = _grams(content)
        places = np.flatnonzero(self._begins[_slot(grams)])
        found = {
            int(at)
            for length, pairs in self._pairs.items()
            for at in self._with_their_end(places, length, pairs, grams)
            if self._stands_at(content, int(at), length, offsets)
        }
        rows = np.searchsorted(offsets, np.array(sorted(found), np.int64), side="right") - 1
        return np.unique(rows)

    @staticmethod
    def _with_their_end(places: Places, length: int, pairs: Grams, grams: Grams) -> Places:
        """Those places where a literal of this length may stand: both its beginning and its end do."""
        fitting = places[places + (length - GRAM) < len(grams)]
        keys = _pair(grams[fitting], grams[fitting + (length - GRAM)])
        at = np.minimum(np.searchsorted(pairs, keys), len(pairs) - 1)
        kept: Places = fitting[pairs[at] == keys]
        return kept

    def _stands_at(self, content: npt.NDArray[np.uint8], at: int, length: int, offsets: Places) -> bool:
        """Whether a whole literal stands there, within one text, and a number not within a longer word."""
        row = int(np.searchsorted(offsets, at, side="right")) - 1
        begin, end = int(offsets[row]), int(offsets[row + 1])
        word = content[at : at + length].tobytes()
        if at + length > end or word not in self._literals:
            return False
        if self._is_inside:
            return True
        before, after = (
            content[max(at - 1, begin) : at].tobytes(),
            content[at + length : min(at + length + 1, end)].tobytes(),
        )
        if word.isdigit():
            return not any(chr(each).isalnum() or each == ord("_") for each in before + after if each < 128)
        is_begun, goes_on = word[:1].isdigit() and before.isdigit(), word[-1:].isdigit() and after.isdigit()
        return not (is_begun or goes_on)


def _grams(content: npt.NDArray[np.uint8]) -> Grams:
    """The GRAM bytes that begin at each place, as one number."""
    count = max(len(content) - GRAM + 1, 0)
    found = np.zeros(count, np.uint64)
    for step in range(GRAM):
        found <<= np.uint64(8)
        found |= content[step : step + count]
    return found


def _slot(grams: Grams) -> Grams:
    return (grams * SPREAD) >> np.uint64(64 - BITS)


def _pair(begins: Grams, ends: Grams) -> Grams:
    return begins * SPREAD + ends
