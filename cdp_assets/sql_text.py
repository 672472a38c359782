"""The one place where a value or a name becomes SQL text, for statements that take no parameters (attach, copy, create) and for macros' arguments.

Where a statement can bind its values, it does; nothing here makes an untrusted statement safe.

A statement longer than a screen is a `.sql` file beside the module that runs it. What the module fills in stands there as `{{ hole }}`; the comment at
its head gives an example of each hole (so that tests can fill the file in) and its unportable words: what Spark would not take, or read otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template


def literal(value: object) -> str:
    """The value's text as a string literal: a path, a label, a date."""
    return "'" + escaped(str(value)) + "'"


def literals(values: Iterable[object]) -> str:
    """Several of them, with commas."""
    return ", ".join(map(literal, values))


def identifier(*parts: str) -> str:
    """A quoted name, or a path of names: database, schema, table, column."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def escaped(text: str) -> str:
    """Text as it stands within a string literal that is written by hand around it."""
    return text.replace("'", "''")


def from_file(module: str, name: str, **holes: object) -> str:
    """The statement in `<name>.sql` beside a module (its `__name__`), filled in as it is: whoever calls quotes values and names.

    Raises FileNotFoundError for a file that is not there, jinja2's UndefinedError for a hole that nothing fills.
    """
    return _template(module.rpartition(".")[0], name).render(holes)


@cache
def _template(package: str, name: str) -> Template:
    from jinja2 import Environment, StrictUndefined  # not every command runs one

    # SQL, not HTML: escaping for a page would spoil it.
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701
    return environment.from_string((files(package) / f"{name}.sql").read_text(encoding="utf-8"))
