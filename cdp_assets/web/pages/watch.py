"""Alerts and notes page: figures of the scorecard that people want to hear of, and words on days that charts show."""

from __future__ import annotations

from typing import Any

from cdp_assets import audit
from cdp_assets.operations import watched
from cdp_assets.web.action import Done, Outcome, Refused
from cdp_assets.web.blocks import Blocks, Part, section
from cdp_assets.web.formats import read_number
from cdp_assets.web.page import Page
from cdp_assets.web.pages.overview import in_unit
from cdp_assets.web.periods import parsed
from cdp_assets.web.view import View


def build(view: View) -> Blocks:
    """Both lists with their forms."""
    return [_alerts(view), _notes(view)]


@section("watch.alerts", "scorecard_weekly", "scorecard_quarterly")
def _alerts(view: View) -> Blocks:
    """What is watched: told by the run's own alerts (mail, webhook), once per period."""
    units = {
        (cadence, metric): unit
        for cadence in watched.CADENCES
        for metric, unit in _metrics(view, cadence).items()
    }
    listed = [
        {
            "id": each.alert_id, "author": each.author,
            "words": view.t(
                "watch.said", metric=_metric(view, each.metric), cadence=view.label(each.cadence, "cadences"),
                condition=view.label(each.condition, "conditions"),
                threshold="" if each.threshold is None else in_unit(view, each.threshold, units.get((each.cadence, each.metric), "")),
            ),
        }
        for each in watched.alerts(view.settings)
    ]  # fmt: skip
    metrics = [
        (f"{cadence}.{metric}", f"{_metric(view, metric)} · {view.label(cadence, 'cadences')}")
        for cadence, metric in units
    ]  # fmt: skip
    conditions = [(each, view.label(each, "conditions")) for each in watched.CONDITIONS]
    return [Part("alerts", {"listed": listed, "metrics": metrics, "conditions": conditions})]


def _metric(view: View, metric: str) -> str:
    return view.texts.known(f"metrics.{metric}", view.label(metric, "identity_metrics"))


def _metrics(view: View, cadence: str) -> dict[str, str]:
    """Metric of the scorecard → its unit."""
    found = view.shown.ask(
        f"select metric, max(unit) as unit from scorecard_{cadence} group by metric order by metric"
    )
    return dict(zip(found["metric"], found["unit"].astype(str), strict=True))


@section("watch.notes")
def _notes(view: View) -> Blocks:
    listed = [
        {"id": each.note_id, "day": view.formats.day(each.day), "words": each.words, "author": each.author}
        for each in watched.notes(view.settings)
    ]
    return [Part("day_notes", {"listed": listed, "day": str(view.shown.as_of_date() or "")})]


def add_alert(view: View) -> Outcome:
    """Watch a figure."""
    cadence, _, metric = view.sent("metric").partition(".")
    condition = view.sent("condition")
    try:
        threshold = read_number(view.sent("threshold")) if condition in {"below", "above"} else None
        if cadence not in watched.CADENCES or metric not in _metrics(view, cadence):
            raise ValueError(metric)
        watched.add_alert(view.settings, cadence, metric, condition, threshold, view.who.name)
    except ValueError:
        raise Refused("alert") from None
    return _done(view, "alert_kept", metric=metric, condition=condition)


def remove_alert(view: View) -> Outcome:
    """Watch it no longer."""
    watched.remove_alert(view.settings, _number(view))
    return _done(view, "removed", alert=_number(view))


def add_note(view: View) -> Outcome:
    """Words on a day."""
    day, words = parsed(view.sent("day")), view.sent("words")
    if day is None or not words:
        raise Refused("note")
    watched.add_note(view.settings, day, words, view.who.name)
    return _done(view, "note_kept", day=day)


def remove_note(view: View) -> Outcome:
    """Take them away."""
    watched.remove_note(view.settings, _number(view))
    return _done(view, "removed", note=_number(view))


def _number(view: View) -> int:
    text = view.sent("id")
    if not text.isdecimal() or len(text) > 9:
        raise Refused("nothing_chosen")
    return int(text)


def _done(view: View, said: str, **facts: Any) -> Done:
    audit.append(view.settings, view.who.name, "watch", **facts)
    return Done("/watch", said)


PAGE = Page("watch", {"all": build}, may="annotate", group="office", is_personal=True)
