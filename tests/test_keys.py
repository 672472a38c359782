"""Keys: pseudonyms are HMACs, equal in Python and SQL, and the secret is guarded."""

from __future__ import annotations

import hashlib
import hmac
import stat
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.keys import (
    DEMO_KEY,
    DEMO_MARKER,
    SEPARATOR,
    KeyProblem,
    load_key,
    pseudonym,
    record_key,
    register_pseudonym,
)
from cdp_assets.settings import Settings
from cdp_assets.state import check_key, migrate

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.binary(min_size=1, max_size=150), st.lists(text, min_size=1, max_size=3))
def test_sql_and_python_give_the_same_pseudonym(key: bytes, parts: list[str]) -> None:
    con = duckdb.connect()
    register_pseudonym(con, key)
    found = con.execute("select pseudonym(?)", [SEPARATOR.join(parts)]).fetchone()
    assert found == (pseudonym(key, *parts),)


def test_a_pseudonym_is_the_standard_hmac() -> None:
    assert pseudonym(b"k", "a", "b") == hmac.new(b"k", b"a\x1fb", hashlib.sha256).hexdigest()[:32]


def test_record_keys_differ_between_channels() -> None:
    assert record_key(b"k", "shopify", "1") != record_key(b"k", "square", "1")


def test_a_first_run_makes_an_owner_only_key_and_keeps_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", inbox=tmp_path)
    first = load_key(settings)
    assert stat.S_IMODE((settings.home / "key").stat().st_mode) == 0o600
    assert load_key(settings) == first


def test_the_demo_key_is_taken_for_a_simulated_inbox_and_refused_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / DEMO_MARKER).touch()
    assert load_key(Settings(home=tmp_path / "home", inbox=tmp_path / "demo")) == DEMO_KEY
    with pytest.raises(KeyProblem, match="not a simulated inbox"):
        load_key(Settings(home=tmp_path / "home", inbox=tmp_path / "real", key=DEMO_KEY.decode()))


def test_a_lost_key_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", inbox=tmp_path)
    migrate(settings)
    with pytest.raises(KeyProblem, match="restore"):
        load_key(settings)


def test_another_key_is_refused(settings: Settings) -> None:
    check_key(settings, b"one")
    check_key(settings, b"one")
    with pytest.raises(KeyProblem, match="not the one"):
        check_key(settings, b"two")


@pytest.mark.parametrize("content", [b"", b"  \n", b"short", b"x" * 31])
def test_a_blank_or_short_key_is_refused_wherever_it_stands(tmp_path: Path, content: bytes) -> None:
    settings = Settings(home=tmp_path / "home", inbox=tmp_path)
    settings.home.mkdir()
    (settings.home / "key").write_bytes(content)
    with pytest.raises(KeyProblem, match="at least 32"):
        load_key(settings)
    with pytest.raises(KeyProblem, match="ONEFOLD_KEY holds"):
        load_key(Settings(home=tmp_path / "other", inbox=tmp_path, key=content.decode()))


def test_a_full_disk_at_the_first_run_leaves_no_key_that_the_next_run_would_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home", inbox=tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("cdp_assets.keys.os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            load_key(settings)
    assert list(settings.home.iterdir()) == []
    assert len(load_key(settings)) == 64
