"""One mailbox, one spelling: what providers ignore in an address, so that it is compared as the mailbox that it reaches.

Gmail ignores dots and what follows a plus sign, and answers to two domains; others ignore the plus sign's tag alone. Sending still goes to
the address as people gave it.
"""

from __future__ import annotations

from cdp_assets.sql_text import literals

GMAIL, GMAIL_DOMAINS = "gmail.com", ("gmail.com", "googlemail.com")
PLUS_DOMAINS = (
    *GMAIL_DOMAINS, "outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "fastmail.com", "proton.me", "protonmail.com", "yahoo.com",
)  # fmt: skip


def mailbox_of(address: str) -> str:
    """The mailbox of a plain address in lower case; the address itself where no provider is known to ignore anything."""
    user, _, domain = address.rpartition("@")
    bare = user.partition("+")[0]
    if not bare.replace(".", "") or domain not in PLUS_DOMAINS:
        return address
    return f"{bare.replace('.', '')}@{GMAIL}" if domain in GMAIL_DOMAINS else f"{bare}@{domain}"


def mailbox_sql(address: str) -> str:
    """The same as a SQL expression over one of an address."""
    user, domain = f"split_part({address}, '@', 1)", f"split_part({address}, '@', 2)"
    bare = f"split_part({user}, '+', 1)"
    return (
        f"case when replace({bare}, '.', '') = '' then {address} "
        f"when {domain} in ({literals(GMAIL_DOMAINS)}) then replace({bare}, '.', '') || '@{GMAIL}' "
        f"when {domain} in ({literals(PLUS_DOMAINS)}) then {bare} || '@' || {domain} else {address} end"
    )
