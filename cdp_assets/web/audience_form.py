"""An audience's rules as the page's form has them: lines of what, how and value, some of them a level deeper; to a document and back.

A line may head a group: all, any or none of the lines below it that are a level deeper; or one purchase, one touch, of which they say more.
What cannot be written as lines (a query of its own, a value with a semicolon) is shown and counted, and changed in its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cdp_assets.activation.audience import FAMILIES, Audience, Comparison, Purchases, Rule, Touches
from cdp_assets.activation.rules import Columns
from cdp_assets.web.formats import read_number

LINES, LEVELS = 40, 5
COMPARED = ("in", "not_in", "at_least", "at_most", "more_than", "less_than", "within_days", "older_than_days", "contains", "starts_with",
            "known", "unknown")  # fmt: skip
DONE = ("yes", "no")
GROUPS = ("group.all", "group.any", "group.none", "group.purchases", "group.touches")
# What a line can say of purchases and touches: name → how its value is read.
BOUGHT = {
    "any": "none", "category": "list", "brand": "list", "sku": "list", "product_code": "list", "store": "list", "channel": "list",
    "orders_at_least": "whole", "orders_at_most": "whole", "net_revenue_at_least": "number", "from": "date", "to": "date",
}  # fmt: skip
TOUCHED = {
    "any": "none", "marketing_channel": "list", "touch_type": "list", "campaign": "list", "source": "list", "medium": "list",
    "channel": "list", "touches_at_least": "whole", "is_paid": "truth", "from": "date", "to": "date",
}  # fmt: skip
EVENTS = {"purchases": BOUGHT, "touches": TOUCHED}
NOT_COMPARED = {"customer_id", "household_id", "as_of_date"}


class FormProblem(ValueError):
    """A line cannot be read; `number` says which, from 1."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@dataclass(frozen=True)
class Line:
    """One condition, or the head of a group. what: family.column, purchases.category, touches.any, birthday, audience or one of GROUPS.

    value: names with semicolons. level: 0 at the margin; deeper lines belong to the head above them.
    """

    what: str
    how: str = "in"
    value: str = ""
    days: str = ""
    level: int = 0


def subjects(columns: Columns) -> dict[str, list[str]]:
    """What lines can be about: group → names, as the published file has them."""
    found = {
        family: [f"{family}.{column}" for column in columns.get(mart, {}) if _is_compared(column)]
        for family, mart in FAMILIES.items()
    }
    return {
        **{family: names for family, names in found.items() if names},
        **{event: [f"{event}.{name}" for name in names] for event, names in EVENTS.items()},
        "others": ["birthday", "audience"],
        "groups": list(GROUPS),
    }


def _is_compared(column: str) -> bool:
    return column not in NOT_COMPARED and not column.startswith("masked_")


# ---------- from lines to rules


def who_of(lines: list[Line], columns: Columns) -> dict[str, Any]:
    """All lines at the margin together: every one must hold. Raises FormProblem."""
    return {"all": _rules_of(lines, 1, 0, columns)}


def _rules_of(lines: list[Line], first: int, level: int, columns: Columns) -> list[dict[str, Any]]:
    """The rules of some lines at a level; the first has that number. A line that is deeper than its head allows is a problem."""
    rules: list[dict[str, Any]] = []
    at = 0
    while at < len(lines):
        line, number = lines[at], first + at
        if line.level != level:
            raise FormProblem(number)
        end = next((n for n in range(at + 1, len(lines)) if lines[n].level <= level), len(lines))
        inner = lines[at + 1 : end]
        if line.what in GROUPS:
            rules.append(_group(line, inner, number, level, columns))
        elif inner:
            raise FormProblem(number + 1)
        else:
            rules.append(rule_of(line, number, columns))
        at = end
    return rules


def _group(line: Line, inner: list[Line], number: int, level: int, columns: Columns) -> dict[str, Any]:
    if not inner:
        raise FormProblem(number)
    kind = line.what.partition(".")[2]
    if kind in EVENTS:
        said: dict[str, Any] = {}
        for place, each in enumerate([replace(line, what=f"{kind}.any"), *inner]):
            subject, _, name = each.what.partition(".")
            if subject != kind or (place and each.level != level + 1):
                raise FormProblem(number + place)
            said |= _read(each, subject, name, number + place)
        return _negated({kind: said}, line)
    rules = _rules_of(inner, number + 1, level + 1, columns)
    return {"not": {"any": rules}} if kind == "none" else {kind: rules}


def rule_of(line: Line, number: int, columns: Columns) -> dict[str, Any]:
    """One line as the document has it. Raises FormProblem."""
    subject, _, name = line.what.partition(".")
    if subject in FAMILIES:
        if not _is_compared(name):  # no list offers it: somebody asks about one person by the count
            raise FormProblem(number)
        try:
            return {subject: {name: _condition(line, columns.get(FAMILIES[subject], {}).get(name, ""))}}
        except ValueError:
            raise FormProblem(number) from None
    return _negated({subject: _read(line, subject, name, number)}, line)


def _negated(rule: dict[str, Any], line: Line) -> dict[str, Any]:
    return {"not": rule} if line.how == "no" else rule


def _read(line: Line, subject: str, name: str, number: int) -> Any:
    """What a line says of an event, a birthday or another audience. Raises FormProblem."""
    try:
        return _event(line, subject, name)
    except ValueError:
        raise FormProblem(number) from None


def _condition(line: Line, kind: str) -> dict[str, Any]:
    if line.how in {"known", "unknown"}:
        return {"is_known": line.how == "known"}
    if line.how in {"within_days", "older_than_days"}:
        return {line.how: int(line.value)}
    if line.how in {"in", "not_in"}:
        return {line.how: [_typed(each, kind) for each in _several(line.value)]}
    if line.how in {"contains", "starts_with"}:
        return {line.how: _some(line.value)}
    if line.how in {"at_least", "at_most", "more_than", "less_than"}:
        return {line.how: _typed(_some(line.value), kind)}
    raise ValueError(line.how)


def _event(line: Line, subject: str, name: str) -> Any:
    if subject == "audience":
        return _some(line.value)
    if subject == "birthday":
        return {"within_days": int(line.days)}
    kind = EVENTS.get(subject, {}).get(name)
    if kind is None:
        raise ValueError(line.what)
    period: dict[str, Any] = {"within_days": int(line.days)} if line.days.strip() else {}
    if kind == "none":
        return period
    return {name: _said(kind, line.value), **period}


def _said(kind: str, text: str) -> Any:
    """The value of a line about an event. Raises ValueError."""
    if kind == "list":
        return _several(text)
    if kind == "whole":
        return int(text)
    if kind == "number":
        return read_number(text)
    if kind == "date":
        return date.fromisoformat(text.strip()).isoformat()
    truths = {"true": True, "yes": True, "false": False, "no": False}
    if text.strip().lower() not in truths:
        raise ValueError(text)
    return truths[text.strip().lower()]


def _some(text: str) -> str:
    if not text.strip():
        raise ValueError(text)
    return text.strip()


def _several(text: str) -> list[str]:
    found = [each.strip() for each in text.replace("；", ";").split(";") if each.strip()]
    if not found:
        raise ValueError(text)
    return found


def _typed(text: str, kind: str) -> Any:
    """A value as the column's type has it; a date as its text, which documents and addresses carry."""
    lowered, kind = text.lower(), kind.upper()
    if kind == "BOOLEAN":
        return {"true": True, "yes": True, "false": False, "no": False}.get(lowered, text)
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return date.fromisoformat(text).isoformat()
    if kind.startswith(
        ("DECIMAL", "DOUBLE", "FLOAT", "INT", "BIGINT", "HUGEINT", "SMALLINT", "UINT", "UBIGINT")
    ):
        number = read_number(text)
        return int(number) if number.is_integer() else number
    return text


# ---------- from rules to lines


def lines_of(audience: Audience) -> list[Line] | None:
    """The lines of an audience; None where they cannot say all of it."""
    if audience.who is None:
        return None
    try:
        lines = [line for rule in audience.who.all or [audience.who] for line in lines_of_rule(rule)]
    except ValueError:
        return None
    return lines if len(lines) <= LINES and all(line.level < LEVELS for line in lines) else None


def lines_of_rule(rule: Rule, level: int = 0, *, is_among_all: bool = True) -> list[Line]:
    """One rule as lines from a level on; several that must hold together are a group of their own unless they stand among such.

    Raises ValueError where a value cannot be written as one of a list.
    """
    if rule.not_ is not None:
        return _lines_of_not(rule.not_, level)
    inner = rule.all or rule.any
    if inner is not None:
        kind = "all" if rule.all is not None else "any"
        below = [lines_of_rule(each, level + 1, is_among_all=kind == "all") for each in inner]
        return [Line(f"group.{kind}", "yes", level=level), *(line for lines in below for line in lines)]
    single = _lines_of_single(rule, "yes", level)
    return single or _lines_of_columns(rule, level, is_among_all=is_among_all)


def _lines_of_columns(rule: Rule, level: int, *, is_among_all: bool) -> list[Line]:
    compared = [line for family in FAMILIES for line in _compared(family, getattr(rule, family) or {})]
    if len(compared) == 1 or is_among_all:
        return [replace(line, level=level) for line in compared]
    return [Line("group.all", "yes", level=level), *(replace(line, level=level + 1) for line in compared)]


def _lines_of_single(rule: Rule, how: str, level: int) -> list[Line] | None:
    """Lines of a rule on an event, a birthday or another audience; None for others."""
    if rule.audience is not None:
        return [Line("audience", how, rule.audience, level=level)]
    if rule.birthday is not None:
        return [Line("birthday", how, "", str(rule.birthday.within_days), level)]
    event = rule.purchases or rule.touches
    return None if event is None else _lines_of_event(str(rule.kind), event, how, level)


def _lines_of_not(inner: Rule, level: int) -> list[Line]:
    single = _lines_of_single(inner, "no", level)
    if single is not None:
        return single
    rules = inner.any or [inner]
    below = [lines_of_rule(each, level + 1, is_among_all=False) for each in rules]
    return [Line("group.none", "yes", level=level), *(line for lines in below for line in lines)]


def _lines_of_event(kind: str, event: Purchases | Touches, how: str, level: int) -> list[Line]:
    """One line where an event has one thing to say, else a head and a line for each."""
    given = event.model_dump(mode="json", exclude_unset=True, by_alias=True)
    days = str(given.pop("within_days", None) or "")
    said = [(f"{kind}.{name}", _joined(value)) for name, value in given.items() if value is not None]
    if len(said) < 2:
        what, value = said[0] if said else (f"{kind}.any", "")
        return [Line(what, how, value, days, level)]
    return [
        Line(f"group.{kind}", how, "", days, level),
        *(Line(what, "yes", value, "", level + 1) for what, value in said),
    ]


def _compared(family: str, conditions: Mapping[str, Any]) -> list[Line]:
    lines = []
    for column, condition in conditions.items():
        given = condition.model_dump(exclude_unset=True, by_alias=True) if isinstance(condition, Comparison) else {
            "in": condition if isinstance(condition, list) else [condition]
        }  # fmt: skip
        lines += [_line(f"{family}.{column}", how, value) for how, value in given.items()]
    return lines


def _line(what: str, how: str, value: Any) -> Line:
    if how == "is_known":
        return Line(what, "known" if value else "unknown")
    if how in {"is", "is_not"}:
        how, value = {"is": "in", "is_not": "not_in"}[how], [value]
    return Line(what, how, _joined(value))


def _joined(value: Any) -> str:
    if not isinstance(value, list):
        return _text(value)
    texts = [_text(each) for each in value]
    if any(";" in text or "；" in text or not text.strip() for text in texts):
        raise ValueError("a value with a semicolon is not one of a list")
    return "; ".join(texts)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
