"""The contacts that may be compared with a partner's: those whose holder granted sharing, in one normal form that both sides agree on."""

from __future__ import annotations

from collections.abc import Mapping

from cdp_assets.activation.published_file import CONTACT_SCHEMA, open_published
from cdp_assets.settings import Settings
from cdp_assets.sharing.problems import SharingProblem

KINDS = ("email", "phone")


def shareable(settings: Settings, kind: str) -> dict[str, str]:
    """contact id → 'email:…' in lower case, or 'phone:+…' (E.164), of every contact of the kind that granted sharing, by id.

    Raises SharingProblem for another kind, ActivationProblem before the first publication.
    """
    if kind not in KINDS:
        raise SharingProblem(
            f"contacts of the kind {kind!r} are not compared", "--contact", f"one of {', '.join(KINDS)}"
        )
    with open_published(settings, with_contact_file=True) as published:
        rows = published.con.execute(
            f"""
            select contact_id, any_value(lower(trim(contact_value)))
            from {CONTACT_SCHEMA}.contacts_in_clear
            semi join (
                from marts.contact_permissions
                where purpose = 'sharing' and is_allowed and coalesce(expires_at::date > $as_of, true)
            ) using (customer_id, contact_id)
            where contact_type = $kind
            group by contact_id order by contact_id
            """,
            {"kind": kind, "as_of": published.as_of},
        ).fetchall()
    return {contact_id: f"{kind}:{value}" for contact_id, value in rows}


def found_among(mine: Mapping[str, str], ids: list[str], places: list[int]) -> list[str]:
    """The values at these places of a list of contact ids that was sent; who has withdrawn since is left out."""
    return sorted(
        mine[ids[place]].partition(":")[2] for place in places if 0 <= place < len(ids) and ids[place] in mine
    )
