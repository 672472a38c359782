"""Backup and restore: what must last, whole, checked, and never over something else."""

from __future__ import annotations

import json
import os
import shutil
import stat
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from cdp_assets.commands.backup import run_backup, run_restore
from cdp_assets.home import prepare_home
from cdp_assets.keys import load_key
from cdp_assets.operations import backup_keys
from cdp_assets.operations.backup import BackupProblem, make_backup, restore_backup
from cdp_assets.publishing import lock
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.publishing.builds import publish_amounts, read_current


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a key of its own, a landed file, a ruling, state and a published generation."""
    settings = Settings(home=tmp_path_factory.mktemp("pattern") / "home")
    prepare_home(settings)
    publish_amounts(settings, "one", 1)
    for name in (
        "landing/shopify/orders/01.parquet",
        "landing/_originals/ab/cd",
        "rulings_inbox/pages.jsonl",
        "activation/meta/win_back/g000001-1/add-001.json",
    ):
        path = settings.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    with connect_state(settings) as con:
        con.execute("insert into suppressions values ('phone', 'x', null)")
    return settings.home


@pytest.fixture
def home(tmp_path: Path, pattern: Path) -> Settings:
    """A copy of that home."""
    shutil.copytree(pattern, tmp_path / "home", symlinks=True)
    return Settings(home=tmp_path / "home", inbox=tmp_path / "inbox")


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_restored_home_holds_what_lasts_and_publishes_the_next_generation(
    home: Settings, tmp_path: Path
) -> None:
    made = make_backup(home, tmp_path / "backup")
    assert files_of(made.folder) == {
        "backup.json", "key", "state.duckdb", "landing/shopify/orders/01.parquet", "landing/_originals/ab/cd",
        "rulings_inbox/pages.jsonl",
        "activation/meta/win_back/g000001-1/add-001.json",
    }  # fmt: skip
    other = Settings(home=tmp_path / "other machine", inbox=tmp_path / "inbox")
    restored = restore_backup(other, made.folder)
    assert (restored.file_count, restored.size_bytes) == (made.file_count, made.size_bytes)
    assert load_key(other) == load_key(home)
    assert (
        other.landing_dir / "shopify/orders/01.parquet"
    ).read_text() == "landing/shopify/orders/01.parquet"
    assert prepare_home(other) == [
        "the files of generation g000001 are gone: the next run publishes a new one"
    ]
    with connect_state(other) as con:
        assert con.execute("select identifier_pseudonym from suppressions").fetchall() == [("x",)]
    (other.landing_dir / "shopify/orders/01.parquet").unlink()  # no Parquet, in this test
    assert publish_amounts(other, "two", 2) == "g000002"
    assert read_current(other) == 2


def test_a_backup_is_its_owner_s_only_and_may_leave_the_key_out(home: Settings, tmp_path: Path) -> None:
    made = make_backup(home, tmp_path / "backup", with_key=False)
    assert not made.has_key
    assert "key" not in files_of(made.folder)
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((made.folder / "state.duckdb").stat().st_mode) == 0o600


def test_a_backup_overwrites_nothing_and_is_not_kept_in_the_home(home: Settings, tmp_path: Path) -> None:
    make_backup(home, tmp_path / "backup")
    with pytest.raises(BackupProblem, match="is there already: name a new folder"):
        make_backup(home, tmp_path / "backup")
    with pytest.raises(BackupProblem, match="inside the home"):
        make_backup(home, home.home / "backup")


def test_a_home_in_use_is_not_restored_into(home: Settings, tmp_path: Path) -> None:
    made = make_backup(home, tmp_path / "backup")
    with pytest.raises(
        BackupProblem, match=r"already has landing, rulings_inbox, activation, key, state\.duckdb"
    ):
        restore_backup(home, made.folder)


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_backup_is_refused_before_anything_is_written(
    home: Settings, tmp_path: Path, damage: str
) -> None:
    made = make_backup(home, tmp_path / "backup")
    path = made.folder / "landing" / "_originals" / "ab" / "cd"
    path.write_text("landing/_originals/ab/xx") if damage == "changed" else path.unlink()
    other = Settings(home=tmp_path / "other")
    with pytest.raises(BackupProblem, match=r"landing/_originals/ab/cd in .* is missing or damaged"):
        restore_backup(other, made.folder)
    assert not other.home.exists()


def test_a_list_that_points_out_of_the_home_is_refused(home: Settings, tmp_path: Path) -> None:
    made = make_backup(home, tmp_path / "backup")
    path = made.folder / "backup.json"
    contents = json.loads(path.read_text())
    contents["files"]["landing/../../x"] = contents["files"]["key"]
    path.write_text(json.dumps(contents))
    with pytest.raises(BackupProblem, match="belong in no home"):
        restore_backup(Settings(home=tmp_path / "other"), made.folder)


def test_a_restore_that_died_can_be_repeated(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_backup(home, tmp_path / "backup")
    other = Settings(home=tmp_path / "other")
    with monkeypatch.context() as patch:
        patch.setattr("cdp_assets.operations.backup.PARTS", ("landing", "rulings_inbox", "key"))
        with pytest.raises(BackupProblem):
            restore_backup(other, made.folder)
    other.landing_dir.mkdir(parents=True)
    (other.landing_dir / "half").write_text("x")
    (other.home / ".restoring").touch()
    restore_backup(other, made.folder)
    assert not (other.landing_dir / "half").exists()
    assert not (other.home / ".restoring").exists()


def test_the_commands_say_what_happened(home: Settings, tmp_path: Path) -> None:
    out = Console(record=True, width=200)
    assert run_backup(home=home.home, folder=tmp_path / "backup", with_key=True, console=out) == 0
    assert run_backup(home=home.home, folder=tmp_path / "backup", with_key=True, console=out) == 1
    assert (
        run_restore(home=tmp_path / "other", folder=tmp_path / "backup", console=out) == 1
    )  # without the list of erasures
    assert (
        run_restore(home=tmp_path / "other", folder=tmp_path / "backup", no_erasures=True, console=out) == 0
    )
    said = out.export_text()
    assert "backed up 6 files" in said
    assert "name a new folder" in said
    assert "restored 6 files" in said


def test_a_home_that_a_run_works_on_is_left_alone(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise lock.HomeLocked("another run (process 1) works on it")

    monkeypatch.setattr(lock, "hold", refuse)
    assert run_backup(home=home.home, folder=tmp_path / "b", with_key=True, console=Console(quiet=True)) == 75


def test_a_backup_and_what_is_restored_from_it_are_their_owners_whatever_the_umask(
    home: Settings, tmp_path: Path
) -> None:
    before = os.umask(0o022)
    try:
        backup = make_backup(home, tmp_path / "backup").folder
        other = Settings(home=tmp_path / "other", inbox=tmp_path / "inbox")
        restore_backup(other, backup)
    finally:
        os.umask(before)
    made = [backup, *backup.rglob("*"), other.home, *other.home.rglob("*")]
    assert {str(path.relative_to(tmp_path)) for path in made if path.stat().st_mode & 0o077} == set()


def test_an_encrypted_backup_opens_with_its_key_and_never_again_once_that_is_destroyed(
    home: Settings, tmp_path: Path
) -> None:
    keyed = home.model_copy(update={"backup_keys": tmp_path / "keys"})
    key = backup_keys.current(tmp_path / "keys", date(2026, 1, 1), 30)
    made = make_backup(keyed, tmp_path / "sealed", seal=key)
    everything = b"".join(path.read_bytes() for path in made.folder.rglob("*") if path.is_file())
    assert b"orders/01.parquet" not in everything and b"shopify" not in everything
    assert load_key(home) not in everything
    assert {
        stat.S_IMODE(path.stat().st_mode) for path in [*made.folder.iterdir(), *(tmp_path / "keys").iterdir()]
    } == {0o600}
    plain = make_backup(home, tmp_path / "plain")
    new = Settings(home=tmp_path / "new", backup_keys=tmp_path / "keys")
    assert restore_backup(new, made.folder).file_count == plain.file_count
    for name in files_of(plain.folder) - {"backup.json", "state.duckdb"}:
        assert (new.home / name).read_bytes() == (plain.folder / name).read_bytes()
    with connect_state(new, read_only=True) as con:
        assert con.execute("select identifier_pseudonym from suppressions").fetchall() == [("x",)]
    backup_keys.destroy(tmp_path / "keys", key.key_id)
    with pytest.raises(backup_keys.KeyProblem, match="is not there"):
        restore_backup(Settings(home=tmp_path / "again", backup_keys=tmp_path / "keys"), made.folder)
    assert not (tmp_path / "again").exists()


def test_keys_rotate_and_old_ones_are_destroyed(home: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first, same, second = (
        backup_keys.current(folder, date(2026, month, day), 30) for month, day in ((1, 1), (1, 30), (2, 5))
    )
    assert first == same != second
    assert backup_keys.destroy_expired(home, folder, date(2030, 1, 1)) == []
    keeping = home.model_copy(update={"keep_backup_keys_days": 90})
    assert backup_keys.destroy_expired(keeping, folder, date(2026, 4, 1)) == []
    assert backup_keys.destroy_expired(keeping, folder, date(2026, 4, 2)) == [first.key_id]
    assert backup_keys.destroy_expired(keeping, folder, date(2036, 4, 2)) == []  # the newest stays
    (folder / "2026-03-01-x.agekey").write_text("nothing")
    with pytest.raises(backup_keys.KeyProblem, match="holds none"):
        backup_keys.listed(folder)


def test_an_encrypted_backup_is_refused_without_a_place_for_its_key_and_where_it_was_changed(
    home: Settings, tmp_path: Path
) -> None:
    for folder, found in ((None, "nobody has said"), (home.home / "keys", "inside the home")):
        with pytest.raises(backup_keys.KeyProblem, match=found):
            backup_keys.folder_of(home.model_copy(update={"backup_keys": folder}))
    key = backup_keys.current(tmp_path / "keys", date(2026, 1, 1), 30)
    made = make_backup(home, tmp_path / "sealed", seal=key)
    sealed = made.folder / "000001.age"
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"x")
    new = Settings(home=tmp_path / "new", backup_keys=tmp_path / "keys")
    with pytest.raises(BackupProblem, match="missing or damaged"):
        restore_backup(new, made.folder)
    (made.folder / "list.age").write_bytes(b"")
    with pytest.raises(BackupProblem, match=r"list\.age"):
        restore_backup(new, made.folder)
