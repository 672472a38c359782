"""An audience as the page's form has it: lines of what, how and value; from a document to lines and back.

Lines say what most audiences need. One that says more (a rule within a rule, several conditions of a purchase) is shown and can be counted,
and is changed in its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cdp_assets.activation.audience import FAMILIES, Audience, Comparison, Purchases, Rule, Touches
from cdp_assets.activation.rules import Columns

LINES = 10
COMPARED = (
    "in",
    "not_in",
    "at_least",
    "at_most",
    "more_than",
    "less_than",
    "within_days",
    "older_than_days",
    "known",
    "unknown",
)
DONE = ("yes", "no")
BOUGHT = ("any", "category", "brand", "sku", "store", "channel")
TOUCHED = ("any", "marketing_channel", "touch_type", "campaign")
NOT_COMPARED = {"customer_id", "household_id", "as_of_date"}


class FormProblem(ValueError):
    """A line cannot be read; `number` says which, from 1."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@dataclass(frozen=True)
class Line:
    """One condition. what: family.column, purchases.category, touches.any, birthday or audience. value: names with semicolons."""

    what: str
    how: str = "in"
    value: str = ""
    days: str = ""


def subjects(columns: Columns) -> dict[str, list[str]]:
    """What lines can be about: group → names, as the published file has them."""
    found = {
        family: [f"{family}.{column}" for column in columns.get(mart, {}) if _is_compared(column)]
        for family, mart in FAMILIES.items()
    }
    return {
        **{family: names for family, names in found.items() if names},
        "purchases": [f"purchases.{name}" for name in BOUGHT],
        "touches": [f"touches.{name}" for name in TOUCHED],
        "others": ["birthday", "audience"],
    }


def _is_compared(column: str) -> bool:
    return column not in NOT_COMPARED and not column.startswith("masked_")


def rule_of(line: Line, number: int, columns: Columns) -> dict[str, Any]:
    """One line as the document has it. Raises FormProblem."""
    try:
        subject, _, name = line.what.partition(".")
        if subject in FAMILIES:
            return {subject: {name: _condition(line, columns.get(FAMILIES[subject], {}).get(name, ""))}}
        rule = {subject: _event(line, subject, name)}
    except ValueError:
        raise FormProblem(number) from None
    return {"not": rule} if line.how == "no" else rule


def _condition(line: Line, kind: str) -> dict[str, Any]:
    if line.how in {"known", "unknown"}:
        return {"is_known": line.how == "known"}
    if line.how in {"within_days", "older_than_days"}:
        return {line.how: int(line.value)}
    if line.how in {"in", "not_in"}:
        return {line.how: [_typed(each, kind) for each in _several(line.value)]}
    if line.how in {"at_least", "at_most", "more_than", "less_than"}:
        return {line.how: _typed(line.value.strip(), kind)}
    raise ValueError(line.how)


def _event(line: Line, subject: str, name: str) -> Any:
    if subject == "audience":
        return line.value.strip()
    if subject == "birthday":
        return {"within_days": int(line.days)}
    period: dict[str, Any] = {"within_days": int(line.days)} if line.days.strip() else {}
    if name == "any":
        return period
    return {name: _several(line.value), **period}


def _several(text: str) -> list[str]:
    found = [each.strip() for each in text.replace("；", ";").split(";") if each.strip()]
    if not found:
        raise ValueError(text)
    return found


def _typed(text: str, kind: str) -> Any:
    """A value as the column's type has it."""
    lowered, kind = text.lower(), kind.upper()
    if kind == "BOOLEAN":
        return {"true": True, "yes": True, "false": False, "no": False}.get(lowered, text)
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return date.fromisoformat(text)
    if kind.startswith(
        ("DECIMAL", "DOUBLE", "FLOAT", "INT", "BIGINT", "HUGEINT", "SMALLINT", "UINT", "UBIGINT")
    ):
        number = float(text.replace(",", ""))
        return int(number) if number.is_integer() else number
    return text


def who_of(lines: list[Line], columns: Columns) -> dict[str, Any]:
    """All lines together: every one must hold. Raises FormProblem."""
    return {"all": [rule_of(line, number, columns) for number, line in enumerate(lines, start=1)]}


def lines_of(audience: Audience) -> list[Line] | None:
    """The lines of an audience; None where they cannot say all of it."""
    if audience.who is None:
        return None
    lines: list[Line] = []
    for rule in audience.who.all or [audience.who]:
        found = _lines_of_rule(rule)
        if found is None:
            return None
        lines += found
    return lines if len(lines) <= LINES else None


def _lines_of_rule(rule: Rule) -> list[Line] | None:
    for family in FAMILIES:
        conditions = getattr(rule, family)
        if conditions is not None:
            return _compared(family, conditions)
    if rule.not_ is not None:
        inner = _lines_of_rule(rule.not_)
        is_event = inner is not None and len(inner) == 1 and inner[0].how == "yes"
        return [Line(inner[0].what, "no", inner[0].value, inner[0].days)] if inner and is_event else None
    if rule.audience is not None:
        return [Line("audience", "yes", rule.audience)]
    if rule.birthday is not None:
        return [Line("birthday", "yes", "", str(rule.birthday.within_days))]
    return (
        _of_event("purchases", rule.purchases, BOUGHT)
        if rule.purchases
        else _of_event("touches", rule.touches, TOUCHED)
    )


def _of_event(subject: str, event: Purchases | Touches | None, names: tuple[str, ...]) -> list[Line] | None:
    if event is None:
        return None
    given = event.model_fields_set - {"within_days"}
    if len(given) > 1 or not given <= set(names):
        return None
    name = next(iter(given), "any")
    value = "; ".join(getattr(event, name)) if given else ""
    return [Line(f"{subject}.{name}", "yes", value, str(event.within_days or ""))]


def _compared(family: str, conditions: Mapping[str, Any]) -> list[Line] | None:
    lines = []
    for column, condition in conditions.items():
        given = condition.model_dump(exclude_unset=True, by_alias=True) if isinstance(condition, Comparison) else {
            "in": condition if isinstance(condition, list) else [condition]
        }  # fmt: skip
        for how, value in given.items():
            line = _line(f"{family}.{column}", how, value)
            if line is None:
                return None
            lines.append(line)
    return lines


def _line(what: str, how: str, value: Any) -> Line | None:
    if how == "is_known":
        return Line(what, "known" if value else "unknown")
    if how in {"is", "is_not"}:
        how, value = {"is": "in", "is_not": "not_in"}[how], [value]
    if how not in COMPARED:
        return None
    return Line(what, how, "; ".join(map(_text, value)) if isinstance(value, list) else _text(value))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
