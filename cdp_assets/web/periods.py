"""Whole calendar periods before a business date, each with the one before it: week, month, quarter, year, or days of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

PRESETS = ("week", "month", "quarter", "year", "own")


@dataclass(frozen=True)
class Period:
    """First and last day, both within."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def before(self) -> Period:
        """The period of the same kind before this one; of days of one's own, as many days."""
        end = self.start - timedelta(days=1)
        if self == week_of(self.start):
            return week_of(end)
        for months in (1, 3, 12):
            if self.start.day == 1 and self.end == _add_months(self.start, months) - timedelta(days=1):
                return Period(_add_months(self.start, -months), end)
        return Period(self.start - timedelta(days=self.days), end)


def last_whole(preset: str, as_of: date) -> Period:
    """The latest period of a kind that had ended by the date (which itself counts as over)."""
    tomorrow = as_of + timedelta(days=1)
    if preset == "week":
        monday = tomorrow - timedelta(days=tomorrow.isoweekday() - 1)
        return week_of(monday - timedelta(days=1))
    months = {"month": 1, "quarter": 3, "year": 12}[preset]
    start_month = (tomorrow.month - 1) // months * months + 1
    start = tomorrow.replace(month=start_month, day=1)
    return Period(_add_months(start, -months), start - timedelta(days=1))


def week_of(day: date) -> Period:
    """Monday to Sunday."""
    monday = day - timedelta(days=day.isoweekday() - 1)
    return Period(monday, monday + timedelta(days=6))


def parsed(text: str) -> date | None:
    """A day as the address writes it, or None."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _add_months(day: date, months: int) -> date:
    place = day.year * 12 + day.month - 1 + months
    return date(place // 12, place % 12 + 1, day.day)
