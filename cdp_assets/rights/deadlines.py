"""When a request is due, and until when it may be extended: days where the business is, by the request's law."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from cdp_assets.rights.problems import RequestProblem

OPT_OUT_BUSINESS_DAYS = 15  # 11 CCR 7026(f)
CCPA_DAYS = 45  # Civ. Code 1798.130(a)(2)(A), once extendable by as many


def due_date(kind: str, jurisdiction: str, received: date) -> date:
    """The last day to answer on: a month, 45 days under the CCPA, 15 business days for opting out of sale and sharing."""
    if kind == "opt-out":
        return _business_days_after(received, OPT_OUT_BUSINESS_DAYS)
    if jurisdiction == "ccpa":
        return received + timedelta(days=CCPA_DAYS)
    return _months_after(received, 1)


def extended_date(kind: str, jurisdiction: str, received: date) -> date:
    """The last day where the time was extended once: two months more (GDPR 12(3)), 45 days more under the CCPA."""
    if kind == "opt-out":
        raise RequestProblem(
            "an opt-out cannot be extended",
            "the law gives 15 business days",
            "carry it out: `onefold rights run`",
        )
    if jurisdiction == "ccpa":
        return received + timedelta(days=2 * CCPA_DAYS)
    return _months_after(received, 3)


def _months_after(day: date, months: int) -> date:
    """The same day some months later, or the last day of that month."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _business_days_after(day: date, count: int) -> date:
    """Weekdays counted; public holidays are not known here, so the day is never later than the law's."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day
