"""What would show a person, as an erasure carries it: keys and ids to cut by, literals to look for, hashes to suppress by.

In clear it lives in the erasure's journal only, until the certificate is written; what lasts are keyed hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from cdp_assets.keys import LENGTH, pseudonym
from cdp_assets.landing.suppression import identifiers

LEAST_LITERAL = (
    6  # characters of a literal that is looked for inside longer text; shorter ones may stand in anybody's
)
SURE_ID = 8  # characters of an id that is hers in any file, also of a channel that nobody knows
LEAST_BYTES = 9  # of one in another script: three Chinese characters are a name


@dataclass(frozen=True)
class Traces:
    """Grain: one person (or several, united). sources: (channel, id that the channel gave her or her device)."""

    record_keys: list[str] = field(default_factory=list)
    customer_ids: list[str] = field(default_factory=list)
    node_keys: list[str] = field(default_factory=list)
    sources: list[tuple[str, str]] = field(default_factory=list)
    identifiers: list[tuple[str, str]] = field(
        default_factory=list
    )  # (type, normal value) that she alone carries
    shared_identifiers: list[tuple[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    own_names: list[str] = field(default_factory=list)  # borne by nobody else
    orders: list[tuple[str, str]] = field(default_factory=list)
    contact_keys: list[str] = field(default_factory=list)  # pseudonyms of her contacts in consents
    written: list[str] = field(default_factory=list)  # as the channels wrote it, hers alone
    platform_key_ids: list[str] = field(default_factory=list)  # of activation's ledger, hers alone
    platform_keys: list[str] = field(
        default_factory=list
    )  # what platforms were given: hashes, or ids in clear

    @property
    def is_empty(self) -> bool:
        return not self.record_keys

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def literals(self) -> list[str]:
        """Texts that must be found nowhere afterwards, not even inside longer ones."""
        found = {
            *self.record_keys,
            *self.node_keys,
            *self.customer_ids,
            *(source_id for _, source_id in self.sources),
            *(value for _, value in self.identifiers),
            *(value.lstrip("+") for kind, value in self.identifiers if kind == "phone"),
            *self.own_names,
            *self.written,
            *self.platform_keys,
        }
        return sorted(
            each for each in found if len(each) >= LEAST_LITERAL or len(each.encode()) >= LEAST_BYTES
        )

    def numbers(self) -> list[str]:
        """The digits of her telephone numbers, with and without the country's code: people put spaces and signs between them."""
        phones = (value for kind, value in self.identifiers if kind == "phone")
        return sorted({form for each in phones for form in identifiers.national_forms(each)})

    def sure_literals(self) -> list[str]:
        """Literals that are hers wherever they stand: a name may be borne by somebody of whom nothing has landed yet, a short id be any number."""
        doubtful = {
            *self.own_names,
            *(value for kind, value in self.identifiers if kind not in ("email", "phone", "street")),
        }
        doubtful |= {source_id for _, source_id in self.sources}
        names = {each.lower() for each in self.own_names}
        return [
            each
            for each in self.literals()
            if each.lower() not in names and (each not in doubtful or len(each) >= SURE_ID)
        ]

    def suppressions(self, key: bytes) -> list[tuple[str, str]]:
        """(type, keyed hash) of everything by which she is to be known when a file brings her again."""
        named = [
            ("named", identifiers.of_named(key, hashed, name)[0])
            for kind, value in self.shared_identifiers
            for hashed in _hashes(key, kind, value)[:1]
            for name in self.names
        ]
        own = [(_kind(kind), each) for kind, value in self.identifiers for each in _hashes(key, kind, value)]
        orders = [("order", identifiers.of_order(key, channel, order)[0]) for channel, order in self.orders]
        names = [("name", identifiers.of_name(key, name)[0]) for name in self.names]
        return sorted({*own, *named, *names, *orders, *self._of_sources(key)})

    def _of_sources(self, key: bytes) -> list[tuple[str, str]]:
        """By id and by record key; an id of 32 characters is a natural key, which is the keyed hash itself."""
        return [
            *(("id", identifiers.of_source_id(key, *each)[0]) for each in self.sources),
            *(("record", pseudonym(key, "record", *each)) for each in self.sources),
            *(("record", source_id) for _, source_id in self.sources if len(source_id) == LENGTH),
        ]


def from_json(content: Mapping[str, Any]) -> Traces:
    pairs = {"sources", "identifiers", "shared_identifiers", "orders"}
    values: dict[str, Any] = {
        each.name: [tuple(pair) for pair in content[each.name]] if each.name in pairs else content[each.name]
        for each in fields(Traces)
    }
    return Traces(**values)


def united(several: Iterable[Traces]) -> Traces:
    """The traces of several people in one erasure."""
    found = list(several)
    return Traces(**{
        each.name: sorted({value for traces in found for value in getattr(traces, each.name)}) for each in fields(Traces)
    })  # fmt: skip


def _kind(identifier_type: str) -> str:
    return identifier_type if identifier_type in ("email", "phone") else "cell"


def _hashes(key: bytes, kind: str, value: str) -> list[str]:
    """None of a street: others may come to live there."""
    if kind == "street":
        return []
    if kind == "email":
        return identifiers.of_email(key, value)
    if kind == "phone":
        return identifiers.of_phone(key, value)
    return identifiers.of_cell(key, value)
