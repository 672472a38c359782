"""Random histories of a small retailer, for the law of tables that follow their inputs: after each night, every table holds what its query gives.

A history is data (a list of nights, each a list of happenings), drawn from a seed, so that a failing one can be made smaller: `shrunk` takes away
nights and happenings while it still fails. One table after the other equals its own query over the tables that stand there; hence all of them together
equal a rebuild from landing and state.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from delivered_rows import shopify_order, square_item, visit
from small_retailer import IDENTITY_INPUTS, IDENTITY_TABLES, SmallRetailer

from cdp_assets import built_from, dbt_runner, warehouse_seal
from cdp_assets.dbt_plugin import use_key
from cdp_assets.identity import IdentityContext, decode_signals
from cdp_assets.keys import load_key, register_pseudonym
from cdp_assets.publishing.fingerprint import columns_of, fingerprint_of
from cdp_assets.sql_text import identifier
from cdp_assets.state import connect_state
from cdp_assets.warehouse import open_warehouse

Happening = tuple[Any, ...]
History = list[list[Happening]]
FIRST_DAY = date(2017, 6, 1)
PERSONS = ["ann", "ben", "cid", "dan", "eve", "fay"]
DEVICES = ["d1", "d2", "d3", "d4", "d5"]
SOURCES = [
    ("google", "cpc"),
    ("google", "organic"),
    ("newsletter", "email"),
    (None, None),
    ("partner", "x1"),
    ("partner", "x2"),
]
KINDS = {
    "order": 8, "till": 3, "visit": 10, "login": 5, "late order": 2, "replaced order": 3, "refund": 3, "late refund": 2, "unlinked refund": 1,
    "third user": 2, "merge": 2, "split": 2, "consent": 3, "erasure": 1, "withdrawn load": 1, "call": 3, "scan": 2, "member": 2,
}  # fmt: skip


def drawn(seed: int, nights: int = 5) -> History:
    """A history: its first night is rich, the others have a few happenings; days move by one, by several, stand still or go back."""
    chance = random.Random(seed)
    day, history = 100, []
    for night in range(nights):
        day += chance.choice([0, 1, 1, 1, 7, 40, -1])
        happenings: list[Happening] = [("date", day)]
        for _ in range(30 if night == 0 else chance.randrange(0, 7)):
            kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
            at = max(0, day - chance.choice([0, 0, 0, 1, 3, 20, 80, -2]))
            happenings.append(
                (
                    kind,
                    at,
                    chance.randrange(1440),
                    chance.randrange(40),
                    chance.choice(PERSONS),
                    chance.choice(DEVICES),
                    chance.randrange(6),
                )
            )
        history.append(happenings)
    return history


class Nights:
    """One home that lives a history."""

    def __init__(self, home: Path) -> None:
        self.retailer = SmallRetailer.open(home, FIRST_DAY)
        self.retailer.parse()
        self.retailer.people = {
            f"{channel}:{prefix}{person}": person
            for channel, prefix in (("ga4", ""), ("loyalty", ""), ("square", "SQ"), ("segment", ""))
            for person in PERSONS
        }
        self.orders: dict[str, dict[str, Any]] = {}
        self.replaced: Counter[str] = Counter()  # nodes of which rows were replaced, over all nights
        self.variables: dict[str, Any] = {}  # lines of the project's `vars` that a test changes
        self._number = 0

    def live(self, happenings: Iterable[Happening]) -> list[str]:
        """One night; the tables that do not hold what their query gives."""
        for happening in happenings:
            self._happen(*happening)
        self._build(IDENTITY_INPUTS)
        with open_warehouse(self.retailer.settings) as con:
            con.execute("create or replace temp table people (record_name text, person text)")
            if self.retailer.people:
                con.executemany("insert into people values (?, ?)", list(self.retailer.people.items()))
            con.execute(IDENTITY_TABLES)
            decode_signals(con, IdentityContext(key=b"test-key", as_of_date=self.retailer.as_of_date))
        self._build(followers(self.retailer))
        return self._wrong()

    def _happen(
        self,
        kind: str,
        at: int,
        minute: int = 0,
        number: int = 0,
        person: str = "",
        device: str = "",
        which: int = 0,
    ) -> None:
        if kind == "date":
            self.retailer.as_of_date = FIRST_DAY + timedelta(days=at)
            return
        self._number += 1  # no two things at once: of what happens in one moment, an export says no order
        moment = datetime.combine(FIRST_DAY + timedelta(days=at), datetime.min.time())
        moment += timedelta(minutes=minute, microseconds=self._number)
        said = moment.isoformat(sep=" ")
        doing: dict[str, Callable[[], None]] = {
            "order": lambda: self._order(f"#{number}", said, person, f"{5 + which}.00"),
            "late order": lambda: self._order(f"#L{number}", (moment - timedelta(days=60)).isoformat(sep=" "), person, "7.50"),
            "replaced order": lambda: self._again(which, lineitem_price=f"{20 + number}.00"),
            "refund": lambda: self._again(which, refunded_amount="3.00"),
            "late refund": lambda: self._till(f"S{number}", said, "-4.00", "Refund", person),
            "unlinked refund": lambda: self._till(f"R{number}", said, "-2.00", "Refund", person),
            "till": lambda: self._till(f"S{number}", said, f"{8 + which}.00", "Payment", person),
            "visit": lambda: self._visit(device, f"s{number}", said, which),
            "login": lambda: self._visit(device, f"s{number}", said, which, user_id=person),
            "third user": lambda: self._visit("kiosk", f"k{number}", said, which, user_id=person),
            "call": lambda: self._call(device if which else None, f"m{number}", moment, person if number % 3 == 0 else None),
            "scan": lambda: self._deliver("loyalty", "scans", {"scan_id": f"c{number}", "member_id": person, "scanned_at": moment}),
            "member": lambda: self._deliver("loyalty", "members", {"member_id": person, "full_name": f"{person} {which}", "joined_at": moment}),
            "consent": lambda: self._consent(person, moment, which),
            "merge": lambda: self.retailer.people.update({f"ga4:{person}": PERSONS[which], f"loyalty:{person}": PERSONS[which]}),
            "split": lambda: self.retailer.people.update({f"ga4:{person}": f"{person} alone", f"shopify:guest:#{number}": f"{person} alone"}),
            "erasure": lambda: self._erase(which),
            "withdrawn load": lambda: self._withdraw(number),
        }  # fmt: skip
        doing[kind]()

    def _deliver(self, channel: str, export: str, row: dict[str, Any]) -> None:
        self.retailer.deliver(channel, export, [row])

    def _order(self, name: str, at: str, person: str, price: str) -> None:
        row = shopify_order(name, at, price, email=f"{person}@x.test" if person != "fay" else None)
        self.orders[name] = row
        self.retailer.people.setdefault(f"shopify:guest:{name}", person)
        self._deliver("shopify", "orders", row)

    def _again(self, which: int, **cells: Any) -> None:
        if self.orders:
            name = sorted(self.orders)[which % len(self.orders)]
            self.orders[name] = self.orders[name] | cells
            self._deliver("shopify", "orders", self.orders[name])

    def _till(self, transaction: str, at: str, gross: str, event: str, person: str) -> None:
        self._deliver(
            "square", "items", square_item(transaction, at, gross, event, customer_id=f"SQ{person}")
        )

    def _visit(self, device: str, session: str, at: str, which: int, **cells: Any) -> None:
        source, medium = SOURCES[which]
        if which == 5 and self.orders:
            cells |= {"event_name": "purchase", "transaction_id": sorted(self.orders)[0].lstrip("#")}
        self._deliver(
            "ga4", "events", visit(device, f"{session}.{which}", at, source=source, medium=medium, **cells)
        )

    def _call(self, device: str | None, message: str, at: datetime, user: str | None) -> None:
        cells = {"anonymous_id": device, "user_id": user or (None if device else "ben")}
        self._deliver(
            "segment", "calls", {"message_id": message, "call_type": "page", "called_at": at, **cells}
        )

    def _consent(self, person: str, at: datetime, which: int) -> None:
        row = {"consent_id": f"a{self._number}", "member_id": person, "contact_kind": "email", "purpose": ["profiling", "marketing", "measurement"][which % 3],
               "choice": ["granted", "denied"][which // 3], "recorded_at": at}  # fmt: skip
        self._deliver("loyalty", "consents", row)
        member = {"member_id": person, "full_name": person, "email": f"{person}@x.test"}
        self._deliver("loyalty", "members", {**member, "profiling_consent": which < 3})

    def _erase(self, which: int) -> None:
        if self.orders:
            name = sorted(self.orders)[which % len(self.orders)]
            with connect_state(self.retailer.settings) as con:
                con.execute("insert or ignore into erased_orders values ('shopify', ?)", [name])

    def _withdraw(self, number: int) -> None:
        """A file is replaced by one without its rows: its load is current no more."""
        with connect_state(self.retailer.settings) as con:
            loads = con.execute(
                "select channel, export, load_id from loads where is_current order by all"
            ).fetchall()
            if loads:
                con.execute(
                    "update loads set is_current = false where channel = ? and export = ? and load_id = ?",
                    list(loads[number % len(loads)]),
                )

    def _build(self, names: Iterable[str]) -> None:
        manifest = self.retailer.parse()
        nodes = sorted(wanted_for(manifest, names))
        results = dbt_runner.invoke(
            self.retailer.settings,
            ["build"],
            as_of_date=self.retailer.as_of_date,
            nodes=nodes,
            is_carrying=True,
        )
        assert all(each.passed for each in results), [
            (each.unique_id, each.reason) for each in results if not each.passed
        ]
        assert len(results) == len(nodes)
        self.replaced.update(each.unique_id.split(".")[-1] for each in results if each.is_replaced)

    def _wrong(self) -> list[str]:
        """Tables that follow, and do not hold what their compiled query gives, or whose fingerprint the warehouse does not know."""
        settings, manifest = self.retailer.settings, self.retailer.parse()
        compiled = dbt_runner.compiled_for(settings, "warehouse") / "compiled" / "onefold"
        wrong = []
        with open_warehouse(settings) as con:
            register_pseudonym(con, load_key(settings))
            known = dict(con.execute("select node, fingerprint from build.nodes").fetchall())
            for name in followers(self.retailer):
                node = f"model.onefold.{name}"
                one = manifest.nodes[node]
                query = (compiled / one.original_file_path).read_text(encoding="utf-8")
                columns = columns_of(con, settings.warehouse_path.stem, one.schema, one.name)
                con.execute(
                    f"create or replace temp table given as from {identifier(one.schema, one.name)} limit 0"
                )
                con.execute(f"insert into given by name select * from ({query}) as built")
                stands = fingerprint_of(con, identifier(one.schema, one.name), columns)[1]
                if stands != fingerprint_of(con, "temp.given", columns)[1]:
                    wrong.append(one.name)
                elif known.get(node) != stands:
                    wrong.append(f"{one.name}: its fingerprint")
            con.execute("drop table if exists temp.given")
        return wrong


def followers(retailer: SmallRetailer) -> list[str]:
    """Names of the models that follow their inputs, and can be built without insight."""
    return [
        node.name
        for node in retailer.parse().nodes.values()
        if getattr(node.config, "materialized", None) == built_from.FOLLOWING
    ]


def wanted_for(manifest: Any, names: Iterable[str]) -> set[str]:
    """Unique ids of models and seeds of these names, and of all that they are made of."""
    wanted = set(names)
    waiting = [
        node for node, each in manifest.nodes.items() if each.name in wanted and each.resource_type == "model"
    ]
    found: set[str] = set()
    while waiting:
        node = waiting.pop()
        if node.startswith("source.") or node in found:
            continue
        found.add(node)
        waiting += getattr(manifest.nodes[node].depends_on, "nodes", ())
    return found


def live(folder: Path, history: History) -> tuple[list[str], Counter[str]]:
    """(what was wrong, with its night; how often rows of which table were replaced) over a whole history, in a home of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    nights = Nights(folder / "home")
    use_key(nights.retailer.settings)
    for number, happenings in enumerate(history, start=1):
        if wrong := nights.live(happenings):
            return [f"night {number}: {', '.join(wrong)}"], nights.replaced
    assert warehouse_seal.is_whole(nights.retailer.settings)
    return [], nights.replaced


def shrunk(history: History, fails: Callable[[History], bool]) -> History:
    """The smallest history found by leaving out nights, then happenings, that still fails."""
    smaller = True
    while smaller:
        smaller = False
        for number in range(len(history)):
            shorter = history[:number] + history[number + 1 :]
            if shorter and fails(shorter):
                history, smaller = shorter, True
                break
        else:
            for number, night in enumerate(history):
                for index in range(len(night)):
                    shorter = [*history[:number], night[:index] + night[index + 1 :], *history[number + 1 :]]
                    if fails(shorter):
                        history, smaller = shorter, True
                        break
                if smaller:
                    break
    return history
