"""The list of pages in the order of the navigation; a page is one line here."""

from __future__ import annotations

from starlette.routing import Route

from cdp_assets.web.action import Action
from cdp_assets.web.page import Page
from cdp_assets.web.pages import (
    attribution,
    changes,
    data,
    identity,
    overview,
    segments,
)

PAGES: tuple[Page, ...] = (
    overview.PAGE,
    segments.PAGE,
    attribution.PAGE,
    changes.PAGE,
    identity.PAGE,
    data.PAGE,
)

ACTIONS: tuple[Action, ...] = ()

SIGN_IN_ROUTES: tuple[Route, ...] = ()
