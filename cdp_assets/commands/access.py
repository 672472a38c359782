"""`onefold access`: who may use the site: accounts, their roles, and ending sessions."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path

from rich.table import Table

from cdp_assets import audit
from cdp_assets.commands.saying import plain_console
from cdp_assets.settings import Settings
from cdp_assets.web.access import accounts, sessions
from cdp_assets.web.access.accounts import AccountProblem
from cdp_assets.web.access.people import roles


def put_account(name: str, given: list[str], *, with_password: bool, home: Path | None) -> int:
    """Make an account or change its roles; asks for a password where one is wanted. 0, or 1 with the reason."""
    settings = Settings.load(home=home)

    def put() -> str:
        password = _asked() if with_password else None
        accounts.put(settings, name, given, password)
        audit.append(settings, getpass.getuser(), "account", name=name, roles=sorted(given))
        return f"{name} has the roles {', '.join(sorted(given)) or 'none'}"

    return _do(put)


def disable_account(name: str, *, home: Path | None) -> int:
    """Let a person in no more, and end her sessions. 0, or 1 with the reason."""
    settings = Settings.load(home=home)

    def disable() -> str:
        accounts.disable(settings, name)
        audit.append(settings, getpass.getuser(), "account", name=name, disabled=True)
        return f"{name} is let in no more"

    return _do(disable)


def end_sessions(name: str, *, home: Path | None) -> int:
    """End a person's sessions; she may sign in anew."""
    settings = Settings.load(home=home)
    count = sessions.revoke_all(settings, name)
    audit.append(settings, getpass.getuser(), "account", name=name, sessions_ended=count)
    plain_console().print(f"{count} sessions of {name} are ended")
    return 0


def list_accounts(*, home: Path | None) -> int:
    """Print the accounts, and what each role may."""
    console = plain_console()
    table = Table(box=None, pad_edge=False)
    for heading in ("account", "roles", "signs in", "state"):
        table.add_column(heading, overflow="fold")
    for each in accounts.listed(Settings.load(home=home)):
        where = "here" if each.has_password else "elsewhere"
        table.add_row(each.name, ", ".join(each.roles), where, "disabled" if each.is_disabled else "")
    console.print(table)
    for role, rights in roles().items():
        console.print(f"{role}: {', '.join(rights['may'])}", highlight=False, soft_wrap=True)
    return 0


def _asked() -> str:
    first = getpass.getpass("password: ")
    if first != getpass.getpass("again: "):
        raise AccountProblem("the two are not the same")
    return first


def _do(action: Callable[[], str]) -> int:
    try:
        plain_console().print(action(), highlight=False)
    except AccountProblem as problem:
        plain_console().print(str(problem), highlight=False)
        return 1
    return 0
