"""A laid project: what it holds, whose it is, and what an upgrade does to files that both sides changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.project import lay, place
from cdp_assets.project.lay import laid_files, lay_project, stamp
from cdp_assets.project.place import ProjectProblem, find_project, other_version
from cdp_assets.project.template import template_files
from cdp_assets.project.upgrade import apply_upgrade, plan_upgrade

OLD = {"same.sql": b"select 1\n", "ours.sql": b"a\nb\nc\n", "both.sql": b"a\nb\nc\n", "gone.sql": b"old\n"}
NEW = {"same.sql": b"select 1\n", "ours.sql": b"a\nb\nC\n", "both.sql": b"a\nb\nC\n", "new.sql": b"new\n"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that version 1 laid; version 2 runs."""
    monkeypatch.setattr("cdp_assets.project.lay.installed_version", lambda: "1")
    for name, content in OLD.items():
        (tmp_path / name).write_bytes(content)
    stamp(tmp_path, OLD)
    for module in ("lay", "place", "upgrade"):
        monkeypatch.setattr(f"cdp_assets.project.{module}.installed_version", lambda: "2")
    return tmp_path


def test_a_new_project_holds_the_dbt_project_and_the_reference_lists_and_nothing_built(
    tmp_path: Path,
) -> None:
    files = template_files()
    assert {"dbt_project/dbt_project.yml", "dbt_project/profiles.yml", "workspace.yaml", ".gitignore"} <= set(
        files
    )
    assert {"channels/README.md", "data/reference/fx_rates.csv", "pyproject.toml"} <= set(files)
    assert not [name for name in files if "/target/" in name or "data/home" in name or name.endswith(".py")]
    written = lay_project(tmp_path / "shop")
    assert {path.relative_to(tmp_path / "shop").as_posix() for path in (tmp_path / "shop").rglob("*") if path.is_file()} == {
        *written, lay.LAID,
    }  # fmt: skip


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ProjectProblem, match="not empty"):
        lay_project(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_upgrade_takes_what_only_we_changed_and_keeps_what_only_the_owner_changed(project: Path) -> None:
    (project / "same.sql").write_bytes(b"select 2\n")
    upgrade = plan_upgrade(project, NEW)
    apply_upgrade(project, upgrade, NEW)
    assert (project / "same.sql").read_bytes() == b"select 2\n"
    assert (project / "ours.sql").read_bytes() == NEW["ours.sql"]
    assert (project / "new.sql").read_bytes() == NEW["new.sql"]
    assert not (project / "gone.sql").exists()
    assert laid_files(project) == NEW
    assert (upgrade.from_version, upgrade.to_version, other_version(project)) == ("1", "2", None)
    assert plan_upgrade(project, NEW).changes_nothing


def test_edits_of_one_file_are_merged_where_they_do_not_meet(project: Path) -> None:
    (project / "both.sql").write_bytes(b"A\nb\nc\n")
    upgrade = plan_upgrade(project, NEW)
    apply_upgrade(project, upgrade, NEW)
    assert upgrade.merged == ["both.sql"]
    assert (project / "both.sql").read_bytes() == b"A\nb\nC\n"


def test_a_conflict_is_named_and_marked_and_must_be_resolved_before_the_next_upgrade(project: Path) -> None:
    (project / "both.sql").write_bytes(b"a\nb\nmine\n")
    upgrade = plan_upgrade(project, NEW)
    assert upgrade.conflicts == ["both.sql"]
    assert (project / "both.sql").read_bytes() == b"a\nb\nmine\n", "planning writes nothing"
    apply_upgrade(project, upgrade, NEW)
    assert b"mine\n=======\nC\n" in (project / "both.sql").read_bytes()
    with pytest.raises(ProjectProblem, match=r"both\.sql"):
        plan_upgrade(project, NEW)


def test_what_the_owner_deleted_stays_away_and_what_he_edited_stays(project: Path) -> None:
    (project / "ours.sql").unlink()
    (project / "gone.sql").write_bytes(b"edited\n")
    upgrade = plan_upgrade(project, NEW)
    apply_upgrade(project, upgrade, NEW)
    assert (upgrade.left_out, upgrade.kept) == (["ours.sql"], ["gone.sql"])
    assert not (project / "ours.sql").exists()
    assert (project / "gone.sql").read_bytes() == b"edited\n"


def test_a_kill_in_the_midst_of_an_upgrade_is_made_good_by_the_next(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    (project / "both.sql").write_bytes(b"A\nb\nc\n")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lay, "stamp", killed)
        apply_upgrade(project, plan_upgrade(project, NEW), NEW)
    assert other_version(project)
    apply_upgrade(project, plan_upgrade(project, NEW), NEW)
    assert (project / "both.sql").read_bytes() == b"A\nb\nC\n"
    assert other_version(project) is None


def test_a_project_of_another_version_says_so(project: Path) -> None:
    assert other_version(project) == (
        "this project is of Onefold 1, and 2 runs it: `onefold upgrade` brings in what changed"
    )


@pytest.mark.parametrize("text", ["version: [", "version: 3", "just text", ""])
def test_a_mark_that_cannot_be_read_is_named(project: Path, text: str) -> None:
    (project / place.MARK).write_text(text)
    with pytest.raises(ProjectProblem, match=r"onefold\.yaml"):
        plan_upgrade(project, NEW)


def test_a_lost_record_of_what_was_laid_stops_an_upgrade(project: Path) -> None:
    (project / lay.LAID).write_bytes(b"no zip")
    with pytest.raises(ProjectProblem, match="restore it from git"):
        plan_upgrade(project, NEW)


def test_the_nearest_project_above_the_working_directory_is_meant(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(project / "a" / "b")
    assert find_project() == project


def test_without_a_project_nothing_is_kept_beside_library_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(place, "is_clone", lambda: False)
    with pytest.raises(ProjectProblem, match="onefold init DIR"):
        find_project()


def test_the_projects_own_contract_counts_in_place_of_the_shipped_one(tmp_path: Path) -> None:
    from cdp_assets.landing.contract import load_contracts
    from cdp_assets.settings import Settings

    lay_project(tmp_path)
    settings = Settings.load(project=tmp_path)
    assert settings.home == tmp_path / "data" / "home"
    shipped = load_contracts(*settings.contract_dirs)
    assert "square" in shipped
    text = (place.SHIPPED_CHANNELS / "square.yaml").read_text()
    (tmp_path / "channels" / "square.yaml").write_text(
        text.replace(f"version: {shipped['square'].version}", "version: 9.9.9")
    )
    assert settings.contract_path("square").parent == tmp_path / "channels"
    assert settings.contract_path("ga4").parent == place.SHIPPED_CHANNELS
    contracts = load_contracts(*settings.contract_dirs)
    assert contracts["square"].version == "9.9.9"
    assert set(contracts) == set(shipped)
