"""One request as a page sees it: who asks, in which language, on which generation, with which filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from cdp_assets.operations import watched
from cdp_assets.publishing.damage import is_shown_earlier
from cdp_assets.settings import Settings
from cdp_assets.web.access.people import Person
from cdp_assets.web.formats import Formats
from cdp_assets.web.published import Published
from cdp_assets.web.texts import Texts, catalogue


@dataclass
class View:
    """What a page may know of the request that it answers. path: the page's address below the base path."""

    settings: Settings
    shown: Published
    who: Person
    texts: Texts
    base: str
    path: str
    query: QueryParams
    token: str = ""
    values: dict[str, str] = field(default_factory=dict)  # what stands in the path, such as a customer's id
    form: dict[str, list[str]] = field(default_factory=dict)
    notices: list[Any] = field(default_factory=list)
    head: list[Any] = field(default_factory=list)  # blocks over the tabs
    heading: str = ""  # what the page is about by its own name, in place of the page's title
    status: int = 200

    @cached_property
    def formats(self) -> Formats:
        return Formats(self.texts.language, self.settings.business_time_zone, self.currency)

    @cached_property
    def day_notes(self) -> list[tuple[date, str]]:
        """Words that people put on days, for charts over days."""
        return [(each.day, each.words) for each in watched.notes(self.settings)]

    @property
    def currency(self) -> str:
        return self.settings.reporting_currency

    @cached_property
    def damaged(self) -> str | None:
        """The generation that is damaged on the disk, in whose place this earlier one is shown."""
        return is_shown_earlier(self.settings)

    def t(self, key: str, **values: object) -> str:
        return self.texts.t(key, **values)

    def label(self, name: str, family: str = "columns") -> str:
        return self.texts.label(name, family)

    def spelled(self, table: Any, family: str, *columns: str) -> Any:
        """The table with the codes in some of its columns in words."""
        return table.assign(
            **{name: [self.label(str(code), family) for code in table[name]] for name in columns}
        )

    def definitions(self, *tables: str) -> dict[str, str]:
        """Definition of each column of the named marts, in the page's language where it has one."""
        found = self.shown.column_comments(*tables)
        words = catalogue(self.texts.language)
        return {name: words.get(f"definitions.{name}", text) for name, text in found.items()}

    # ---------- the address

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name) or default

    def many(self, name: str) -> list[str]:
        return self.query.getlist(name)

    def sent(self, name: str) -> str:
        """What a form sent in a field, without blanks around it."""
        return (self.form.get(name) or [""])[0].strip()

    def whole(self, name: str, default: int) -> int:
        text = self.one(name)
        return int(text) if text.isdecimal() and len(text) < 10 else default

    def choice(self, name: str, options: list[str], default: str | None = None) -> str:
        """What the address chose of some options; a choice that is none of them counts as not made."""
        asked = self.one(name)
        return asked if asked in options else (default if default is not None else options[0])

    def link(self, **changes: object) -> str:
        """This page's address with some of its state changed; None takes a part away."""
        kept = [(name, value) for name, value in self.query.multi_items() if name not in changes]
        for name, value in changes.items():
            if value is None:
                continue
            kept += [(name, str(each)) for each in (value if isinstance(value, list) else [value])]
        return self.base + self.path + ("?" + urlencode(kept) if kept else "")

    def to(self, path: str, **query: object) -> str:
        """The address of another page."""
        given = [(name, value) for name, value in query.items() if value is not None]
        return self.base + path + ("?" + urlencode(given) if given else "")

    def customer(self, customer_id: object) -> str:
        return self.to(f"/customers/{customer_id}")

    def customer_links(self, *names: str) -> dict[str, Callable[[Mapping[str, Any]], str | None]]:
        """Addresses of the customers in some columns, for who may open them."""
        if not self.who.may("people"):
            return {}

        def link_of(name: str) -> Callable[[Mapping[str, Any]], str]:
            return lambda row: self.customer(row[name])

        return {name: link_of(name) for name in names}

    def downloads(self, key: str) -> dict[str, str]:
        """Addresses of a table's files, by form; none for whoever may not export."""
        if not self.who.may("export"):
            return {}
        return {
            form: self.base + "/export" + self.path + "?"
            + urlencode([*self.query.multi_items(), ("block", key), ("form", form)])
            for form in ("csv", "spreadsheet", "parquet")
        }  # fmt: skip
