"""The rules that settle what each column means, in their order: a later rule knows more, so that its vote counts."""

from __future__ import annotations

from cdp_assets.drafting.profile import Profile
from cdp_assets.drafting.roles.neighbours import (
    by_articles,
    by_currencies,
    by_ledger,
    by_neighbours,
    by_refund_number,
    by_states,
    by_tenders,
    by_time,
)
from cdp_assets.drafting.roles.persons import (
    by_account,
    by_buyer,
    by_company,
    by_contact,
    by_cost,
    by_masks,
    by_parts,
)
from cdp_assets.drafting.roles.role import Role, Roles, Rule
from cdp_assets.drafting.roles.values import by_values
from cdp_assets.drafting.words import Words


def roles_of(profile: Profile, words: Words) -> Roles:
    """Let every rule vote; the last vote of a column counts."""
    roles = Roles(profile.columns, {c.position: Role(c, c.says, "its header") for c in profile.columns})
    for rule in RULES:
        votes = {vote.column.position: vote for vote in rule(roles, words)}
        roles = Roles(profile.columns, {**roles.by_position, **votes})
    return roles


RULES: tuple[Rule, ...] = (
    by_values,
    by_neighbours,
    by_currencies,
    by_time,
    by_states,
    by_tenders,
    by_articles,
    by_company,
    by_contact,
    by_cost,
    by_ledger,
    by_refund_number,
    by_parts,
    by_masks,
    by_buyer,
    by_account,
)
