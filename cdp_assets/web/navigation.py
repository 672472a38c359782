"""The list of pages in the order of the navigation, and of forms; a page or a form is one line here."""

from __future__ import annotations

from starlette.routing import Route

from cdp_assets.web.access import sign_in
from cdp_assets.web.action import Action
from cdp_assets.web.page import Page
from cdp_assets.web.pages import (
    attribution,
    audiences,
    audit_log,
    beginnings,
    changes,
    customer,
    customers,
    data,
    deciding,
    identity,
    offers,
    overview,
    review,
    rights,
    segments,
    sql,
    touchpoints,
    watch,
)

PAGES: tuple[Page, ...] = (
    overview.PAGE,
    segments.PAGE,
    audiences.PAGE,
    audiences.ONE,
    attribution.PAGE,
    beginnings.PAGE,
    offers.PAGE,
    touchpoints.PAGE,
    changes.PAGE,
    customers.PAGE,
    customer.PAGE,
    review.PAGE,
    review.PAIR,
    identity.PAGE,
    data.PAGE,
    sql.PAGE,
    watch.PAGE,
    rights.PAGE,
    rights.REQUEST,
    audit_log.PAGE,
)

ACTIONS: tuple[Action, ...] = (
    Action("/customers/find", "people", customers.find, most=200),
    Action("/customers/{customer_id}/reveal", "reveal", customer.reveal, most=60),
    Action("/customers/{customer_id}/merge", "rule", deciding.merge),
    Action("/customers/{customer_id}/split", "rule", deciding.split),
    Action("/customers/{customer_id}/undo", "rule", deciding.undo),
    Action("/review/{left}/{right}", "rule", review.rule),
    Action("/review/{left}/{right}/reveal", "reveal", review.reveal, most=120),
    Action("/sql/run", "sql", sql.run, most=120),
    Action("/audiences/{audience}/save", "audiences", audiences.save),
    Action("/watch/alerts/add", "annotate", watch.add_alert),
    Action("/watch/alerts/remove", "annotate", watch.remove_alert),
    Action("/watch/notes/add", "annotate", watch.add_note),
    Action("/watch/notes/remove", "annotate", watch.remove_note),
    Action("/rights/take", "requests", rights.take),
    Action("/rights/{request_id}/find", "requests", rights.find),
    Action("/rights/{request_id}/confirm", "carry_out", rights.confirm),
    Action("/rights/{request_id}/change", "carry_out", rights.change),
    Action("/rights/{request_id}/run", "carry_out", rights.run),
    Action("/rights/{request_id}/answer", "carry_out", rights.answer, most=60),
    Action("/rights/{request_id}/receipt", "requests", rights.receipt),
    Action("/decisions/withdraw", "rule", deciding.withdraw),
)

SIGN_IN_ROUTES: tuple[Route, ...] = sign_in.ROUTES
