"""A shared table: everybody charged once, noise within what OpenDP vouches for, drawn once, and nobody in it who did not grant it."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.settings import Settings
from cdp_assets.sharing import budget, noise, release
from cdp_assets.sharing.definition import Share, load
from cdp_assets.sharing.problems import SharingProblem
from cdp_assets.state import connect_state
from tests.activation.homes import Person, publish

GRANTED = (
    "alter table marts.customers add column is_sharing_allowed boolean; "
    "update marts.customers set is_sharing_allowed = customer_id not like 'no%'"
)


def share(**facts: Any) -> Share:
    given = {
        "name": "cohorts",
        "partner": "acme",
        "from": "customer_rfm",
        "per": ["segment"],
        "epsilon": 2.0,
        "keys": {"segment": ["Loyal", "New", "Lost"]},
    }
    return Share.model_validate(given | facts)


def publish_people(settings: Settings) -> str:
    people = [Person(f"c{n:04}", segment="Loyal", value=50 + n % 7) for n in range(200)]
    people += [Person(f"n{n:04}", segment="New", value=10_000.0) for n in range(60)] + [
        Person("n9999", segment="Secret")
    ]
    people += [Person(f"no{n:04}", segment="Loyal") for n in range(500)]
    return publish(settings, people, without=GRANTED)


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return {row["segment"]: row for row in csv.DictReader(file)}


@pytest.fixture
def opendp() -> None:
    pytest.importorskip("opendp", reason="the extra `share` is not installed: pip install 'onefold[share]'")


def test_the_budget_is_charged_before_noise_is_drawn_and_noise_is_drawn_once(
    settings: Settings, opendp: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_people(settings)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(release, "_noised", dies)
        with pytest.raises(KeyboardInterrupt):
            release.release(settings, share())
    with connect_state(settings, read_only=True) as con:
        assert con.execute("select count(*), sum(epsilon) from share_charges").fetchall() == [(261, 522.0)]
    made = release.release(settings, share())
    first = made.path.read_bytes()
    assert release.release(settings, share()).stood and made.path.read_bytes() == first
    with connect_state(settings, read_only=True) as con:
        assert con.execute("select count(*), sum(epsilon) from share_charges").fetchall() == [(261, 522.0)]
        assert con.execute("select released_at is not null from share_releases").fetchall() == [(True,)]


def test_a_changed_definition_writes_over_no_table_that_was_released(
    settings: Settings, opendp: None
) -> None:
    publish_people(settings)
    made = release.release(settings, share())
    first = made.path.read_bytes()
    other = release.release(settings, share(epsilon=1.0))
    assert other.path != made.path and made.path.read_bytes() == first
    assert release.release(settings, share()).path == made.path
    made.path.write_text("segment,people\nLoyal,1\n")
    with pytest.raises(SharingProblem, match="removed or changed"):
        release.release(settings, share())


def test_a_table_that_was_written_is_not_drawn_again_though_the_process_died_before_it_said_so(
    settings: Settings, opendp: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two draws for one charge would be told apart from their mean: whoever saw the first file has both."""
    publish_people(settings)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    wide = share(sums=[{"column": "monetary", "lower": 0, "upper": 2000}])
    with monkeypatch.context() as patched:
        patched.setattr(budget, "close", dies)
        with pytest.raises(KeyboardInterrupt):
            release.release(settings, wide)
    (path,) = settings.home.glob("share/acme/*/*.csv")
    first = path.read_bytes()
    again = release.release(settings, wide)
    assert again.stood and path.read_bytes() == first
    with connect_state(settings, read_only=True) as con:
        assert con.execute("select released_at is not null, file_sha256 from share_releases").fetchall() == [
            (True, hashlib.sha256(first).hexdigest())
        ]
    # another definition under the same name is another release, with a charge and a draw of its own
    other = release.release(settings, share())
    assert not other.stood and other.path != path and path.read_bytes() == first


def test_only_who_granted_sharing_is_counted_each_value_within_its_bounds(
    settings: Settings, opendp: None
) -> None:
    publish_people(settings)
    made = release.release(
        settings, share(epsilon=10.0, sums=[{"column": "monetary", "lower": 0, "upper": 100}])
    )
    told = rows(made.path)
    assert set(told) == {"Loyal", "New"} and made.withheld == 1
    assert abs(int(told["Loyal"]["people"]) - 200) < 30 and abs(int(told["New"]["people"]) - 60) < 30
    assert abs(float(told["New"]["sum_of_monetary"]) - 60 * 100) < 600  # not 60 × 10,000
    card = json.loads(made.card.read_text())
    assert (
        card["epsilon"] == 10.0
        and card["people"]["epsilon"] == 5.0
        and card["sums"][0]["clipped_to"] == [0.0, 100.0]
    )
    assert "no0001" not in made.card.read_text() + made.path.read_text()


def test_a_rare_value_shows_only_where_everybody_knows_it(settings: Settings, opendp: None) -> None:
    publish_people(settings)
    made = release.release(settings, share(keys={}, delta=1e-6))
    assert set(rows(made.path)) <= {"Loyal", "New"}
    assert noise.least_count(1.0, 1e-6, 20) == 20 and noise.least_count(0.1, 1e-6, 20) == 140


def test_a_person_is_left_out_when_the_years_budget_is_spent(settings: Settings, opendp: None) -> None:
    publish_people(settings)
    release.release(settings, share())
    release.release(settings, share(name="again"))
    last = release.release(settings, share(name="once_more"))
    assert last.left_out == 261 and last.cells == 0
    with connect_state(settings, read_only=True) as con:
        assert con.execute(
            "select max(spent) from (select sum(epsilon) as spent from share_charges group by customer_id)"
        ).fetchall() == [(4.0,)]
        assert budget.left_out(con, share(partner="other"), 2026, 4.0, 1e-5) == set()
        assert budget.left_out(con, share(), 2027, 4.0, 1e-5) == set()


def test_an_id_bears_what_its_former_ids_were_charged(settings: Settings) -> None:
    asked = share()
    budget.charge(settings, asked, "first", 2026, "g000001", ["a", "b", "c"])
    with connect_state(settings) as con:
        assert budget.left_out(con, asked, 2026, 4.0, 1e-5) == set()
        for event, customer_id, other in (
            ("merged", "a", "b"), ("split", "d", "a"), ("created", "e", None), ("moved", "c", "c2"),
        ):  # fmt: skip
            con.execute(
                "insert into customer_id_events values (?, ?, ?, ?, 1, null, now()::timestamp, 1)",
                [f"{event} {customer_id}", event, customer_id, other],
            )
        assert budget.left_out(con, asked, 2026, 4.0, 1e-5) == {"a", "d"}


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"from": "orders"}, "no column segment"),
        ({"from": "nothing"}, "no mart is named"),
        ({"from": "touchpoints", "per": ["channel"], "keys": {"channel": ["web"]}}, "2 rows for 1 customers"),
    ],
)
def test_a_table_that_cannot_be_bounded_is_refused_before_anybody_is_charged(
    settings: Settings, opendp: None, facts: dict[str, Any], found: str
) -> None:
    publish(settings, [Person("a", touches=[{"on": "2026-06-01"}, {"on": "2026-06-02"}])], without=GRANTED)
    with pytest.raises(SharingProblem, match=found):
        release.release(settings, share(**facts))
    with connect_state(settings, read_only=True) as con:
        assert con.execute("select count(*) from share_charges").fetchall() == [(0,)]


def test_a_definition_says_what_is_wrong_with_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "project_dir", tmp_path)
    (tmp_path / "share").mkdir()
    written = "partner: acme\nfrom: customer_rfm\nper: [segment]\nepsilon: 1\n"
    for text, found in (
        (written, "give keys"),
        (written + "delta: 0.1\n", "delta"),
        (written + "delta: 0.000001\nk: 5\n", "k:"),
        (written + "keys: {city: [a]}\n", "not in per"),
        ("partner: [\n", "no valid YAML"),
    ):
        (tmp_path / "share" / "a.yaml").write_text(text)
        with pytest.raises(SharingProblem, match=found):
            load(settings, "a")
    (tmp_path / "share" / "a.yaml").write_text(written + "delta: 0.000001\n")
    assert load(settings, "a").k == 20
    with pytest.raises(SharingProblem, match="no share is named"):
        load(settings, "../a")
