"""Night after night of a random history, what follows the changes equals what a rebuilt warehouse without scores says."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest

from cdp_assets import identity
from cdp_assets.identity import IdentityKnobs
from cdp_assets.identity.cached_tables import forget_makers
from cdp_assets.identity.tables import has_table
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.identity.identity_home import IdentityHome, Row, key_of, person
from tests.identity.test_kills import Killed, Mortal

pytestmark = pytest.mark.integration

FIRST = ("Anna", "Carl", "Eva", "Gustav", "Ida", "Karl", "Mia", "Otto", "Ann", "Gus")
LAST = ("Berg", "Dunn", "Ford", "Hale", "Jung", "Lund", "Berk")
STREETS = ("12 Elm Street", "4 Oak Lane", "77 Hill Road")
TABLES = {
    "identifiers": "*",
    "blocked_identifiers": "*",
    "guard_events": "*",
    "links": "*",
    "nodes": "record_key, node_key",
    "pairs": "*",
    "scored_nodes": "node_key, self_weight, model_version",
    "overfull_blocks": "blocking_rule, block_key, node_count, model_version",
    "clusters": "record_key, cluster_key, confidence",
    "cluster_conflicts": "*",
    "customer_ids": "*",
    "customer_id_changes": "*",
    "customer_id_events": "*",
    "issued_ids": "*",
    "households": "*",
    "review_queue": "*",
    "review_evidence": "*",
    "quality": "*",
}


@dataclass
class History:
    """What was delivered and ruled so far, and the chances of what comes next."""

    home: IdentityHome
    random: random.Random
    rows: dict[str, Row] = field(default_factory=dict)
    links: list[tuple[str, str, str, str]] = field(default_factory=list)
    generations: int = 0
    born: int = 0

    def name(self, prefix: str) -> str:
        self.born += 1
        return f"{prefix}{self.born}"

    def some(self) -> str:
        return self.random.choice(sorted(self.rows))

    def person(self) -> None:
        """A person with one to three records; relatives share a street, some a phone."""
        chance = self.random
        facts = {
            "given_name": chance.choice(FIRST), "family_name": chance.choice(LAST), "birth_date": f"19{chance.randint(50, 53)}-03-1{chance.randint(0, 3)}",
            "phone": f"+1415555{chance.randint(1000, 1030)}", "street": chance.choice(STREETS), "city": "Reno", "postcode": "89501",
            "email": f"user{chance.randint(1, 40)}@mail.net", "national_id": f"{chance.randint(1, 30):03d}-22-3333", "gender": chance.choice("mf"),
            "loyalty_id": f"L{chance.randint(1, 60)}",
        }  # fmt: skip
        for _ in range(chance.randint(1, 3)):
            known = {kind: value for kind, value in facts.items() if chance.random() < 0.7}
            name = self.name("r")
            self.rows[name] = person(name, **known)

    def drop(self) -> None:
        del self.rows[self.some()]

    def change(self) -> None:
        row = self.rows[self.some()]
        column = self.random.choice(("phone", "email", "given_name", "street", "national_id", "birth_date"))
        row[column] = self.random.choice(list(self.rows.values())).get(column)

    def crowd(self) -> None:
        """Eight people on one phone, which is evidence of nobody then; or they are gone, and it is again."""
        crowd = [name for name in self.rows if name.startswith("c")]
        for name in crowd:
            del self.rows[name]
        for given, family in [] if crowd else zip(FIRST, LAST * 2, strict=False):
            name = self.name("c")
            self.rows[name] = person(name, given_name=given, family_name=family, phone="+14155551001")

    def rule(self) -> None:
        one, other = key_of(self.some()), key_of(self.some())
        if one == other:
            return
        with connect_state(self.home.settings) as con:
            kind = self.random.choice(("must_link", "cannot_link"))
            try:
                identity.add_ruling(con, kind, one, other, ruled_on=self.home.as_of_date)
            except (identity.Contradiction, identity.IdentityProblem):  # or nobody has seen the record yet
                return

    def unrule(self) -> None:
        with connect_state(self.home.settings) as con:
            known = con.execute(
                "select ruling_id from rulings where not is_undone order by record_key_l, record_key_r"
            ).fetchall()
            if known:
                identity.undo_ruling(con, self.random.choice(known)[0])

    def link(self) -> None:
        self.links.append(("shop", self.some(), "shop", self.some()))

    def verify(self) -> None:
        self.home.verified = {} if self.home.verified else {"shop": ("national_id", "phone")}

    def other_model(self) -> None:
        """Another model is in force, as after training."""
        with connect_state(self.home.settings) as con:
            version = self.name("model")
            con.execute(
                "insert into identity_models select $version, origin, json_merge_patch(parameters, "
                "json_object('lambda', (parameters ->> 'lambda')::double * 0.8)), report, as_of_date, false "
                "from identity_models where is_current",
                {"version": version},
            )
            con.execute(
                "insert into identity_term_frequencies select $version, column_name, term_key, frequency from identity_term_frequencies",
                {"version": version},
            )
            con.execute(
                "update identity_models set is_current = model_version = $version", {"version": version}
            )
            con.execute(
                "delete from identity_term_frequencies where model_version <> $version", {"version": version}
            )

    def lose_warehouse(self) -> None:
        self.home.settings.warehouse_path.unlink(missing_ok=True)

    def erase(self) -> None:
        """As after a request: what state knows of a record is gone, and nobody vouches for the warehouse."""
        name = self.some()
        del self.rows[name]
        with self.home.warehouse() as con:
            nodes = (
                has_table(con, "nodes")
                and con.execute(
                    "select node_key from identity.nodes group by node_key having bool_and(record_key = ?)",
                    [key_of(name)],
                ).fetchall()
            )
            forget_makers(con)
        with connect_state(self.home.settings) as con:
            con.execute("delete from customer_id_history where record_key = ?", [key_of(name)])
            for (node,) in nodes or []:
                con.execute("delete from identity_scored_nodes where node_key = ?", [node])
                con.execute("delete from identity_pairs where ? in (node_key_l, node_key_r)", [node])

    def roll_back(self) -> None:
        with connect_state(self.home.settings) as con:
            known = con.execute(
                "select generation from identity_generations where not is_withdrawn order by generation_number desc limit 2"
            ).fetchall()
            if len(known) == 2:
                identity.withdraw_generations(con, known[1][0])

    def happen(self) -> None:
        """A few things of a day."""
        usual = (
            self.person,
            self.person,
            self.drop,
            self.change,
            self.change,
            self.rule,
            self.unrule,
            self.link,
            self.crowd,
        )
        rare = (self.verify, self.other_model, self.erase, self.lose_warehouse, self.roll_back)
        for _ in range(self.random.randint(1, 5)):
            self.random.choice(usual)()
        if self.random.random() < 0.3:
            self.random.choice(rare)()

    def break_off(self) -> None:
        """A run that is killed at some statement of some step; what was delivered for it may change before the next."""
        self.home.write(list(self.rows.values()), self.links)
        last = self.random.randrange(len(identity.STEPS))
        for place, step in enumerate(identity.STEPS[: last + 1]):
            with self.home.warehouse() as con:
                dies_at = self.random.randint(1, 12) if place == last else None
                try:
                    step.run(Mortal(con, dies_at), self.home.context)  # type: ignore[arg-type]
                except Killed:
                    return

    def night(self) -> dict[str, list[tuple[object, ...]]]:
        self.home.as_of_date += timedelta(days=1)
        self.home.write(list(self.rows.values()), self.links)
        self.home.run()
        return outcome(self.home)

    def commit(self) -> None:
        self.generations += 1
        self.home.commit(f"g{self.generations}")


def outcome(home: IdentityHome) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: home.query(f"select {columns} from identity.{table} order by all")
        for table, columns in TABLES.items()
    }


def rebuilt(history: History) -> dict[str, list[tuple[object, ...]]]:
    """The same night in a home that has the same state without scores, and no warehouse."""
    kept = history.home
    settings = kept.settings.model_copy(update={"home": kept.settings.home.parent / "rebuilt"})
    shutil.rmtree(settings.home, ignore_errors=True)
    settings.home.mkdir(mode=0o700)
    shutil.copy(kept.settings.state_path, settings.state_path)
    with connect_state(settings) as con:
        con.execute(
            "delete from identity_scored_nodes; delete from identity_pairs; delete from identity_overfull_blocks"
        )
    home = IdentityHome(settings, kept.as_of_date, kept.knobs, kept.verified, kept.own_contacts)
    home.write(list(history.rows.values()), history.links)
    home.run()
    return outcome(home)


@pytest.mark.parametrize(
    "seed", [3, *(pytest.param(each, marks=pytest.mark.slow) for each in (0, 1, 2, 4, 5))]
)
def test_a_night_of_any_history_equals_a_rebuilt_warehouse(settings: Settings, seed: int) -> None:
    home = IdentityHome(settings, date(2024, 1, 1), IdentityKnobs(max_block_nodes=6))
    history = History(home, random.Random(seed))
    for _ in range(25):
        history.person()
    history.night()
    history.commit()
    for _ in range(5):
        history.happen()
        if history.random.random() < 0.4:
            history.break_off()
            history.happen()
        found = history.night()
        expected = rebuilt(history)
        for table in TABLES:
            assert found[table] == expected[table], f"seed {seed}, generation {history.generations}: {table}"
        if history.random.random() < 0.8:  # else it was refused
            history.commit()
