"""Privacy signals: the published vectors, and strings that no consent platform would send."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity.context import IdentityContext
from cdp_assets.identity.signals.bits import ALPHABET, Bits, UnreadableSignal
from cdp_assets.identity.signals.decode import Refusals, decode_signals, refusals_of
from cdp_assets.identity.signals.gpp import GppSection, decode_gpp


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("DBABBg~BVqqqqpY.YA", GppSection("usca", sale=2, sharing=2, has_gpc=True)),
        ("DBABVg~BVVVVVVg.YA", GppSection("usct", sale=1, targeted=1, has_gpc=True)),
        ("DBABBg~BAAAAACA", GppSection("usca", sale=0, sharing=0)),
    ],
)
def test_published_gpp_vectors_decode(text: str, section: GppSection) -> None:
    assert decode_gpp(text) == [section]


@pytest.mark.parametrize(
    ("kind", "text", "refused"),
    [
        ("gpp", "DBABBg~BVqqqqpY.YA", {"sharing", "ads_matching"}),
        ("gpp", "DBABVg~BVVVVVVg.YA", {"sharing", "ads_matching"}),
        ("gpp", "DBABBg~BAAAAACA", set()),
        ("usp", "1YYN", {"sharing", "ads_matching"}),
        ("usp", "1YNN", set()),
        ("usp", "1---", set()),
    ],
)
def test_a_signal_refuses_what_its_fields_say(kind: str, text: str, refused: set[str]) -> None:
    assert refusals_of(kind, text) == Refusals(**dict.fromkeys(refused, True))  # type: ignore[arg-type]


def _tcf(purposes: set[int]) -> str:
    bits = f"{2:06b}" + "0" * 146 + "".join("1" if number in purposes else "0" for number in range(1, 25))
    bits = bits.ljust(-(-len(bits) // 6) * 6, "0")
    return "".join(ALPHABET[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def test_a_tcf_string_refuses_the_purposes_that_it_does_not_consent_to() -> None:
    assert refusals_of("tcf", _tcf(set(range(1, 11)))) == Refusals()
    assert refusals_of("tcf", _tcf({1, 2, 3, 7}) + ".IAAA") == Refusals(sharing=True, ads_matching=True)
    assert refusals_of("tcf", _tcf({3, 4})) == Refusals(measurement=True)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("gpp", "DBABBg~BVq"),
        ("gpp", "DBABBg"),
        ("gpp", "DBAB"),
        ("gpp", "DBABBg~BVqqqqpY.YA~BVVVVVVg"),
        ("gpp", ""),
        ("usp", "1YY"),
        ("usp", "2YYN"),
        ("tcf", "CPXxRfAPXxRfA"),
        ("tcf", "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA"),
    ],
)
def test_a_cut_signal_refuses_nothing_says_why_and_is_not_quoted(kind: str, text: str) -> None:
    found = refusals_of(kind, text)
    assert found.problem and (not text or text not in found.problem)
    assert (found.sharing, found.ads_matching, found.measurement) == (False, False, False)


@given(st.text(alphabet=ALPHABET + "~.", max_size=40), st.sampled_from(["gpp", "usp", "tcf"]))
def test_no_text_breaks_the_decoder(text: str, kind: str) -> None:
    assert isinstance(refusals_of(kind, text), Refusals)


@given(st.integers(min_value=1, max_value=5000))
def test_fibonacci_numbers_read_back(number: int) -> None:
    terms = [1, 2]
    while terms[-1] <= number:
        terms.append(terms[-1] + terms[-2])
    rest, digits = number, ""
    for term in reversed(terms):
        digits += "1" if term <= rest else "0"
        rest -= term if term <= rest else 0
    coded = digits.lstrip("0")[::-1] + "1"
    padded = coded.ljust(-(-len(coded) // 6) * 6, "0")
    text = "".join(ALPHABET[int(padded[at : at + 6], 2)] for at in range(0, len(padded), 6))
    assert Bits(text).fibonacci() == number


def test_letters_of_another_alphabet_are_refused() -> None:
    with pytest.raises(UnreadableSignal):
        Bits("DB/+")


def test_the_step_writes_one_row_per_distinct_signal() -> None:
    con = duckdb.connect()
    con.execute("create schema identity")
    con.execute(
        "create table identity.privacy_signals as select 'usp' as signal_kind, '1YYN' as signal_text union all select 'gpp', 'DBABBg~BVq'"
    )
    ctx = IdentityContext(key=b"k", as_of_date=date(2017, 1, 1), verified={"shop": ("email",)})
    assert decode_signals(con, ctx).counts == {"signals": 2, "unreadable": 1}
    assert con.execute(
        "select signal_kind, refuses_sharing, problem is null from identity.decoded_signals order by 1"
    ).fetchall() == [("gpp", False, False), ("usp", True, True)]
    assert con.execute("select * from identity.verified_contacts").fetchall() == [("shop", "email")]
