"""People and their roles; which permissions a role gives is data (roles.yaml)."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cdp_assets import safe_yaml


@cache
def roles() -> dict[str, dict[str, list[str]]]:
    """Role → what it may, and the classes of columns that it sees."""
    found: dict[str, dict[str, list[str]]] = safe_yaml.read(Path(__file__).with_name("roles.yaml"))
    return found


@dataclass(frozen=True)
class Person:
    """Who asks. roles: names of roles.yaml; others give nothing."""

    name: str
    roles: frozenset[str]
    is_local: bool = False

    def may(self, permission: str) -> bool:
        return any(permission in roles()[role]["may"] for role in self.roles if role in roles())

    @property
    def columns(self) -> frozenset[str]:
        """Classes of columns that the person sees."""
        return frozenset(name for role in self.roles if role in roles() for name in roles()[role]["columns"])


def local_person() -> Person:
    """Without configuration: the one user of this machine, with every role."""
    return Person(getpass.getuser(), frozenset(roles()), is_local=True)
