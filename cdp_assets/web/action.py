"""What changes something: a form that is sent, who may send it, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cdp_assets.web.view import View


class Refused(ValueError):
    """A form is not complete or not allowed; `code` names the text that says what is missing."""

    def __init__(self, code: str, **values: object) -> None:
        self.code, self.values = code, values
        super().__init__(code)


@dataclass(frozen=True)
class Done:
    """Where to go after an action (an address below the base path), and what to say there."""

    path: str
    said: str = ""  # key of a text
    query: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """What an action answers with at once, without a new address: a page in clear, which is never stored."""

    title: str
    blocks: list[object]


@dataclass(frozen=True)
class Download:
    """A file that an action answers with."""

    name: str
    media_type: str
    content: bytes


Outcome = Done | Shown | Download


@dataclass(frozen=True)
class Action:
    """A form's address, the permission it takes, and what it does. most: times within a quarter of an hour, for each person."""

    path: str
    may: str
    act: Callable[[View], Outcome]
    most: int = 300
