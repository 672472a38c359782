"""IAB Global Privacy Platform strings: the United States' sections usnat, usca, usva, usco and usct.

Source of the fields: github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform, folder Sections. Other sections are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cdp_assets.identity.signals.bits import Bits, UnreadableSignal

OPTED_OUT = 1  # of a two-bit opt-out: 0 not applicable, 1 opted out, 2 did not opt out
_HEADER_TYPE, _GPC_SEGMENT = 3, 1

# The two-bit fields after the six bits of the version; `*n` stands for n fields that nothing here reads.
_SECTIONS: dict[int, tuple[str, list[str]]] = {
    7: ("usnat", ["*6", "sale", "sharing", "targeted", "*12", "*2", "*1", "*3"]),
    8: ("usca", ["*3", "sale", "sharing", "*9", "*2", "*1", "*3"]),
    9: ("usva", ["*3", "sale", "targeted", "*8", "*1", "*3"]),
    10: ("usco", ["*3", "sale", "targeted", "*7", "*1", "*3"]),
    12: ("usct", ["*3", "sale", "targeted", "*8", "*3", "*3"]),
}


@dataclass(frozen=True)
class GppSection:
    """One decoded section: 0 not applicable, 1 opted out, 2 did not; None where the section has no such field."""

    name: str
    sale: int | None = None
    sharing: int | None = None
    targeted: int | None = None
    has_gpc: bool | None = None

    @property
    def refuses_sharing(self) -> bool:
        """Whether selling or sharing is refused."""
        return OPTED_OUT in (self.sale, self.sharing) or bool(self.has_gpc)

    @property
    def refuses_ads_matching(self) -> bool:
        """Whether targeted advertising is: sharing is for cross-context advertising by its definition (CPRA 1798.140)."""
        return OPTED_OUT in (self.targeted, self.sharing) or bool(self.has_gpc)


def decode_gpp(text: str) -> list[GppSection]:
    """The sections of the United States that a GPP string holds. Raises UnreadableSignal for one that is cut or none."""
    header, *parts = text.strip().split("~")
    ids = list(_section_ids(header))
    if len(ids) != len(parts):
        raise UnreadableSignal(f"its header names {len(ids)} sections and {len(parts)} follow")
    return [
        _section(*_SECTIONS[each], part) for each, part in zip(ids, parts, strict=True) if each in _SECTIONS
    ]


def _section_ids(header: str) -> Iterator[int]:
    bits = Bits(header)
    if bits.integer(6) != _HEADER_TYPE or bits.integer(6) != 1:
        raise UnreadableSignal("it does not begin as a GPP string of version 1 does")
    last = 0
    for _ in range(bits.integer(12)):
        is_range = bits.integer(1)
        first = last + bits.fibonacci()
        last = first + bits.fibonacci() if is_range else first
        if last > 63:
            raise UnreadableSignal("its header names a section that does not exist")
        yield from range(first, last + 1)


def _section(name: str, fields: list[str], part: str) -> GppSection:
    core, *segments = part.split(".")
    bits = Bits(core)
    bits.integer(6)
    found: dict[str, int] = {}
    for each in fields:
        if each.startswith("*"):
            bits.integer(2 * int(each[1:]))
        else:
            found[each] = bits.integer(2)
    gpc = None
    for segment in segments:
        extra = Bits(segment)
        if extra.integer(2) == _GPC_SEGMENT:
            gpc = bool(extra.integer(1))
    return GppSection(name, **found, has_gpc=gpc)
