"""Damaged files of every shipped kind: whatever is flipped, cut or inserted, nothing raises and every row is accounted for."""

from __future__ import annotations

import random
import re
from pathlib import Path

import duckdb
import pytest

from cdp_assets.demo import simulate
from cdp_assets.landing import land_all, load_contracts
from cdp_assets.landing.contract import ChannelContract, ExportFacts
from cdp_assets.settings import Settings
from tests.landing.builders import deliver, query_state, unhurried

MOST_LINES = 12  # of a sample: its header and some rows are enough to be damaged
TOKENS = [
    b"\r",
    b'"',
    b"\x00",
    b"\xff\xfe",
    b"\n\n",
    b",",
    b"'",
    b"\\",
    b"\t",
    b"9" * 400,
    b"\xe2\x80\x8b",
    b"=1+1",
    b"{",
    b"]",
    b"\x1a",
]


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One small file of each export and ending that the demo's retailer delivers, by its path below the inbox."""
    inbox = simulate(50, 7, tmp_path_factory.mktemp("samples"), thin=6).out / "inbox"
    smallest: dict[tuple[str, str], Path] = {}
    for path in sorted(inbox.rglob("*"), key=lambda each: each.stat().st_size):
        if path.is_file() and not path.name.startswith(".") and path.stat().st_size:
            kind = re.sub(r"\d", "", path.relative_to(inbox).as_posix())
            smallest.setdefault((path.parent.as_posix(), kind), path)
    return {path.relative_to(inbox).as_posix(): _shortened(path) for path in smallest.values()}


def _shortened(path: Path) -> bytes:
    content = path.read_bytes()
    is_text = path.suffix in (".csv", ".ndjson", ".txt", ".tsv") and not content.startswith(
        (b"\xff\xfe", b"\x1f\x8b")
    )
    return b"\n".join(content.split(b"\n")[:MOST_LINES]) + b"\n" if is_text else content


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The same bytes with one to three of: bits flipped, a piece cut out, its end cut off, a token inserted, a piece repeated."""
    for _ in range(chance.randint(1, 3)):
        if not content:
            return b"x"
        at, length = chance.randrange(len(content)), chance.choice([1, 3, 40, 400])
        match chance.randrange(5):
            case 0:
                flipped = bytearray(content)
                for _ in range(chance.choice([1, 1, 8])):
                    flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
                content = bytes(flipped)
            case 1:
                content = content[:at] + content[at + length :]
            case 2:
                content = content[:at]
            case 3:
                content = content[:at] + chance.choice(TOKENS) + content[at:]
            case _:
                content = content[:at] + content[at : at + length] * 2 + content[at:]
    return content


def _numbered(contract: ChannelContract) -> ChannelContract:
    """The contract for files that lie in numbered folders, all of which stay."""

    def below(facts: ExportFacts) -> ExportFacts:
        dialects = [
            each.model_copy(update={"file_pattern": in_folder(each.file_pattern)}) for each in facts.dialects
        ]
        pattern = in_folder(facts.file_pattern)
        return facts.model_copy(update={"file_pattern": pattern, "dialects": dialects, "max_shrink": 1.0})

    def in_folder(pattern: str) -> str:
        flags, rest = re.fullmatch(r"((?:\(\?[a-z]+\))?)(.*)", pattern, re.DOTALL).groups()  # type: ignore[union-attr]
        return rf"{flags}\d+/(?:{rest})"

    exports = [each.model_copy(update={"facts": below(each.facts)}) for each in contract.exports]
    return contract.model_copy(update={"exports": exports})


def fuzz(settings: Settings, samples: dict[str, bytes], files: int, seed: int) -> dict[str, int]:
    """Land that many damaged files at once, and hold landing to its word; returns how many files came to what."""
    chance = random.Random(seed)
    names = sorted(samples)
    for number in range(files):
        name = names[number % len(names)]
        channel, _, rest = name.partition("/")
        deliver(settings, f"{channel}/{number}/{rest}", damaged(samples[name], chance))
    loaded = unhurried(load_contracts(*settings.contract_dirs))
    report = land_all(settings, {name: _numbered(each) for name, each in loaded.items()}, "fuzz")
    assert report.is_balanced
    unforeseen = [
        (held.file_name, held.detail) for held in report.held if held.reason_code == "reader_failed"
    ]
    assert unforeseen == []
    settled = sum(each.files_landed + each.files_duplicate + len(each.held) for each in report.exports)
    assert settled + len(report.unmatched) == files
    _assert_rows_are_on_disk(settings)
    outcomes: dict[str, int] = {"landed": sum(each.files_landed for each in report.exports)}
    for held in report.held:
        outcomes[held.reason_code] = outcomes.get(held.reason_code, 0) + 1
    return outcomes


def _assert_rows_are_on_disk(settings: Settings) -> None:
    """Every landed load's Parquet holds the rows that the ledger says."""
    said = query_state(
        settings, "select distinct channel, export, load_id, landed_rows from loads where status = 'landed'"
    )
    with duckdb.connect() as con:
        for channel, export, load_id, rows in said:
            path = settings.landing_dir / channel / export / f"{load_id}.parquet"
            assert con.execute("select count(*) from read_parquet(?)", [str(path)]).fetchone() == (rows,)


def test_a_hundred_damaged_files_raise_nothing(settings: Settings, samples: dict[str, bytes]) -> None:
    outcomes = fuzz(settings, samples, 100, seed=1)
    assert outcomes["landed"] > 10
    assert len(outcomes) > 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_two_thousand_damaged_files_raise_nothing(
    settings: Settings, samples: dict[str, bytes], seed: int
) -> None:
    assert fuzz(settings, samples, 500, seed)["landed"] > 50
