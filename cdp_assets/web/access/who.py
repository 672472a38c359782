"""Who asks: the local user, a session, or the person whom a trusted proxy names."""

from __future__ import annotations

from starlette.requests import Request

from cdp_assets.settings import Settings
from cdp_assets.web.access import sessions
from cdp_assets.web.access.guard import is_trusted_proxy, listed
from cdp_assets.web.access.people import Person, local_person, roles
from cdp_assets.web.access.sessions import COOKIE, Session


def person_of(request: Request, settings: Settings) -> Person | None:
    """The person of a request, with the roles of this moment; None for nobody known."""
    if settings.web_sign_in == "none":
        return local_person()
    if settings.web_sign_in == "header":
        return _named_by_proxy(request, settings)
    session = sessions.of_token(settings, request.cookies.get(COOKIE))
    return None if session is None else sessions.person_of(settings, session)


def _named_by_proxy(request: Request, settings: Settings) -> Person | None:
    """Headers count only where the connection itself comes from a listed proxy, and none where somebody named a second person."""
    peer = request.client.host if request.client else ""
    named = [each.strip() for each in request.headers.getlist(settings.web_user_header)]
    grouped = request.headers.getlist(settings.web_groups_header)
    if not is_trusted_proxy(settings, peer) or len(named) != 1 or not named[0] or len(grouped) > 1:
        return None
    name, groups = named[0], listed("".join(grouped))
    return sessions.person_of(settings, Session(name, "header", roles_of_groups(settings, list(groups))))


def roles_of_groups(settings: Settings, groups: list[str]) -> frozenset[str]:
    """The roles that ONEFOLD_WEB_GROUP_ROLES gives to some groups."""
    pairs = [pair.partition("=") for pair in listed(settings.web_group_roles)]
    return frozenset(
        role.strip() for group, _, role in pairs if group.strip() in groups and role.strip() in roles()
    )
