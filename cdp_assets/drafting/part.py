"""One export on its way through drafting: what is known of it alone, and what it borrows of its siblings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdp_assets.drafting.keys import Keys
from cdp_assets.drafting.money.settle import Money
from cdp_assets.drafting.objects import Objects
from cdp_assets.drafting.profile import Profile
from cdp_assets.drafting.roles.role import Roles
from cdp_assets.drafting.rows.conditions import Rows


@dataclass(frozen=True)
class Borrowed:
    """A column that stands in a sibling export, joined by a key that both have: SQL of the join's side, and the sibling."""

    export: str
    expression: str  # over the sibling's rows, one value per key
    key: str  # the sibling's column
    own_key: int  # position of the column here


@dataclass(frozen=True, kw_only=True)
class Part:
    """One export: its columns with their roles, which rows are what, keys and money. `objects`: of what inside its cells numbers are made;
    `has_lines`: its orders' lines stand in a sibling."""

    export: str
    profile: Profile
    roles: Roles
    rows: Rows
    keys: Keys
    money: Money
    objects: Mapping[int, Objects] = field(default_factory=dict)
    borrowed: Mapping[int, Borrowed] = field(default_factory=dict)
    questions: tuple[str, ...] = ()
    has_lines: bool = False
