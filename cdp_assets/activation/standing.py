"""Relations over the published file that say where customers stand, whatever an audience's rules: who consented, who can be reached, who is held out.

SQL only; which of them an audience asks, and in which order, is `compiler` and `waterfall`.
"""

from __future__ import annotations

from datetime import date

from cdp_assets.keys import SEPARATOR_SQL
from cdp_assets.sql_text import from_file

CONTACT_TYPES = ("email", "phone", "platform")
_SHARE_DIGITS = 8  # hex digits of the HMAC that draw a holdout


def consent_relations(purpose: str, as_of: date) -> tuple[str, str]:
    """(customers with a contact that grants the purpose, those of them with one that can be reached too)."""
    granted = (
        f"select p.customer_id, p.contact_id from marts.contact_permissions as p where p.purpose = '{purpose}' "
        f"and p.is_allowed and coalesce(p.expires_at::date > date '{as_of}', true)"
    )
    types = ", ".join(f"'{each}'" for each in CONTACT_TYPES)
    return granted, (
        f"select g.customer_id from ({granted}) as g join marts.contacts as c using (customer_id, contact_id) "
        f"where c.is_reachable and c.contact_type in ({types})"
    )


def holdout_sql(experiment: str, share: float) -> str:
    """Whether a customer (customer_id) is held out, for good: under their id, or one that a merge gave to them."""
    former = from_file(__name__, "former_ids", drawn=drawn_sql("former_id", experiment, share))
    return f"({drawn_sql('customer_id', experiment, share)} or customer_id in ({former}))"


def drawn_sql(column: str, experiment: str, share: float) -> str:
    """Whether an id is drawn: HMAC of experiment and id under the home's key, as a share of 2^32."""
    limit = round(share * 16**_SHARE_DIGITS)
    return f"('0x' || left(pseudonym(concat_ws({SEPARATOR_SQL}, 'holdout', '{experiment}', {column})), {_SHARE_DIGITS}))::bigint < {limit}"
