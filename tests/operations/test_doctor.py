"""The doctor: what is well is called well; each thing that may go wrong is named with what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from cdp_assets import audit
from cdp_assets.commands.doctor import run_alert, run_doctor
from cdp_assets.home import prepare_home
from cdp_assets.operations.doctor import Finding, examine
from cdp_assets.publishing import lock
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.operations.test_alerts import web_server
from tests.publishing.builds import publish_amounts


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after a run, and its inbox."""
    folder = tmp_path_factory.mktemp("pattern")
    settings = Settings(
        home=folder / "home", inbox=folder / "inbox", key="test-key-of-at-least-thirty-two-bytes"
    )
    settings.inbox_dir.mkdir()
    prepare_home(settings)
    publish_amounts(settings, "one", 1)
    return folder


@pytest.fixture(autouse=True)
def one_contract(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor reads every contract; here one is enough."""
    folder = tmp_path_factory.mktemp("channels")
    shutil.copy(Settings().channels_dir / "google_ads.yaml", folder)
    monkeypatch.setattr(Settings, "contract_dirs", (folder,))


@pytest.fixture
def home(tmp_path: Path, pattern: Path) -> Settings:
    """A copy of that home."""
    shutil.copytree(pattern, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Settings(
        home=tmp_path / "home", inbox=tmp_path / "inbox", key="test-key-of-at-least-thirty-two-bytes"
    )


def ill(settings: Settings) -> list[Finding]:
    return [finding for finding in examine(settings) if finding.level == "ill"]


def test_a_home_after_a_run_is_well(home: Settings) -> None:
    findings = {finding.topic: finding for finding in examine(home)}
    assert {topic for topic, finding in findings.items() if finding.level == "well"} >= {
        "versions", "disk", "permissions", "contracts", "inbox", "state", "key", "write-ahead log", "published", "lock",
    }  # fmt: skip
    assert findings["alerts"].level == "note"
    assert ill(home) == []


def test_a_home_before_its_first_run_is_well_and_stays_unmade(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    assert ill(settings) == []
    assert not settings.home.exists()


def break_state(home: Settings) -> Settings:
    home.state_path.write_bytes(b"x" * 5000)
    return home


def write_newer_state(home: Settings) -> Settings:
    with connect_state(home) as con:
        con.execute("insert into schema_migrations values ('999_later', '2017-01-01')")
    return home


def let_the_group_pass_by_the_warehouse(home: Settings) -> Settings:
    home.home.chmod(0o710)
    home.warehouse_path.chmod(0o644)
    return home.model_copy(update={"group_readable": True})


def take_another_key(home: Settings) -> Settings:
    return home.model_copy(update={"key": "another-key-of-at-least-thirty-two-bytes"})


def open_to_others(home: Settings) -> Settings:
    home.home.chmod(0o755)
    return home


def leave_a_log(home: Settings) -> Settings:
    home.warehouse_path.unlink()
    home.warehouse_path.with_name("warehouse.duckdb.wal").touch()
    return home


def lose_the_link(home: Settings) -> Settings:
    (home.published_dir / "current").unlink()
    return home


@pytest.mark.parametrize(
    ("harm", "topic", "remedy"),
    [
        (break_state, "state", "Restore the last backup"),
        (write_newer_state, "state", "Run that version"),
        (take_another_key, "key", "Set the former ONEFOLD_KEY"),
        (open_to_others, "permissions", "chmod go-rwx"),
        (let_the_group_pass_by_the_warehouse, "permissions", "chmod go-rwx"),
        (leave_a_log, "write-ahead log", "rm "),
        (lose_the_link, "published", "`onefold run` mends it"),
    ],
)
def test_harm_is_named_with_its_remedy(
    home: Settings, harm: Callable[[Settings], Settings], topic: str, remedy: str
) -> None:
    (finding,) = ill(harm(home))
    assert finding.topic == topic
    assert finding.remedy.startswith(remedy)


def test_a_broken_contract_is_named(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "till.yaml").write_text("name: [")
    monkeypatch.setattr(Settings, "contract_dirs", (tmp_path,))
    (finding,) = ill(home)
    assert finding.topic == "contracts"
    assert "till.yaml" in finding.found


def test_a_home_that_a_run_works_on_is_noted_not_called_ill(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise lock.HomeLocked("another run (process 1) works on it")

    monkeypatch.setattr(lock, "hold", refuse)
    assert ill(home) == []
    assert any("another run" in finding.found for finding in examine(home))


def test_the_command_exits_1_where_something_is_ill(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFOLD_KEY", "test-key-of-at-least-thirty-two-bytes")
    out = Console(record=True, width=200)
    assert run_doctor(home=home.home, inbox=home.inbox, console=out) == 0
    open_to_others(home)
    assert run_doctor(home=home.home, inbox=home.inbox, console=out) == 1
    assert "chmod go-rwx" in out.export_text()


def test_the_last_run_is_told_of_if_it_died_and_nobody_was_told(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = Console(quiet=True)
    assert run_alert(home=home.home, test=False, console=quiet) == 1, "nobody to tell"
    with web_server() as (port, posted):
        monkeypatch.setenv("ONEFOLD_ALERT_WEBHOOK", f"http://127.0.0.1:{port}/")
        assert run_alert(home=home.home, test=False, console=quiet) == 0
        assert posted == [], "the last run published"
        RunRecord(home, "two").asset("landing/shopify_orders")
        assert run_alert(home=home.home, test=False, console=quiet) == 0
        assert run_alert(home=home.home, test=False, console=quiet) == 0
        assert run_alert(home=home.home, test=True, console=quiet) == 0
    assert [body["step"] for body in posted] == ["after landing/shopify_orders", "a test message"]


def _flip(path: Path, at: int) -> None:
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)


def _deep(settings: Settings) -> list[str]:
    return [each.found for each in examine(settings, deep=True) if each.level == "ill"]


def test_the_deep_doctor_finds_damage_of_a_generation_and_of_the_warehouse(home: Settings) -> None:
    assert _deep(home) == []
    _flip(home.published_dir / "g000001" / "masked.duckdb", 9000)
    assert _deep(home) == [
        "g000001/marts.duckdb: marts.order_amounts is not what was published",
        "g000001/masked.duckdb is not what was published",
    ]
    _flip(home.warehouse_path, 9000)
    assert "warehouse.duckdb cannot be read" in _deep(home)


def _damage_state(home: Settings) -> None:
    """In every block: which of them are in use is DuckDB's."""
    for at in range(3 * 4096 + 1000, home.state_path.stat().st_size, 262144):
        _flip(home.state_path, at)


def _damage_log(home: Settings) -> None:
    audit.append(home, "ann", "search")
    _flip(home.home / "audit" / "chain.jsonl", 20)


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (_damage_state, "state.duckdb"),
        (_damage_log, "audit log: line 1 does not"),
        (lambda home: (home.home / "audit" / "entries.sqlite").write_bytes(b"x" * 5000), "audit log: its entries cannot be read"),
        (lambda home: _flip(home.published_dir / "g000001" / "in_clear.duckdb", 9000), "g000001/contact.duckdb: contact"),
        (lambda home: _flip(next(home.published_dir.rglob("*.parquet")), 9), "g000001/parquet/order_amounts.parquet"),
    ],
)  # fmt: skip
def test_the_deep_doctor_finds_damage_of_every_other_kind(
    home: Settings, harm: Callable[[Settings], None], found: str
) -> None:
    audit.append(home, "ann", "search")
    assert _deep(home) == []
    harm(home)
    assert any(line.startswith(found) for line in _deep(home)), _deep(home)


def test_a_damaged_warehouse_is_set_aside_and_a_missing_link_comes_back(home: Settings) -> None:
    home.warehouse_path.write_bytes(b"foreign" * 1000)
    (home.published_dir / "current.duckdb").unlink()
    repaired = prepare_home(home)
    assert "set aside as warehouse.damaged.duckdb" in repaired[0]
    assert not home.warehouse_path.exists()
    assert (home.published_dir / "current.duckdb").exists()
