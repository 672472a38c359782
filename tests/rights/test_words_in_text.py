"""Literals inside texts: what a plain search finds, and nothing else, whatever the texts and literals are."""

from __future__ import annotations

import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.rights.files import Finder
from cdp_assets.rights.scanning import Looked
from cdp_assets.rights.words_in_text import GRAM, Words

LETTERS = st.text(alphabet="abAB12_é王. ", max_size=30)


def holds(text: str, literal: str) -> bool:
    if literal.isdecimal() and literal.isascii():
        return bool(re.search(rf"(?<![0-9a-zA-Z_]){literal}(?![0-9a-zA-Z_])", text))
    begins, ends = (
        r"(?<![0-9])" if literal[0] in "0123456789" else "",
        r"(?![0-9])" if literal[-1] in "0123456789" else "",
    )
    return bool(re.search(begins + re.escape(literal.lower()) + ends, text.lower()))


@given(st.lists(LETTERS, max_size=8), st.lists(LETTERS.filter(lambda each: len(each) >= GRAM), max_size=6))
def test_it_finds_what_a_plain_search_finds(texts: list[str], literals: list[str]) -> None:
    expected = [at for at, text in enumerate(texts) if any(holds(text, each) for each in literals)]
    assert Words(literals).held_by(pa.array(texts, pa.string())).tolist() == expected


def test_literals_do_not_reach_over_two_texts_and_numbers_stand_alone() -> None:
    words = Words(["rosa.canary@x.test", "14155550101", "Nightingale"])
    texts = [
        "rosa.canary",
        "@x.test",
        "tel:+14155550101;",
        "114155550101",
        "a14155550101",
        None,
        "x ROSA.CANARY@X.TEST y",
        "nightingales",
        "",
    ]
    assert words.held_by(pa.array(texts, pa.string())).tolist() == [2, 6, 7]
    assert words.held_by(pa.array(texts, pa.large_string()).slice(2, 3)).tolist() == [0]
    assert Words(["5 Long Road", "OF777001"]).held_by(
        pa.array(["15 Long Road", "5 long road", "OF7770019", "of777001!"])
    ).tolist() == [1, 3]
    assert Finder(["5 Long Road", "OF777001"]).holds(b"15 Long Road, OF7770019") is False
    assert Words([]).held_by(pa.array(texts)).tolist() == []


def test_what_is_escaped_and_a_number_with_signs_between_is_found_in_a_scan() -> None:
    looked = Looked(["rosa.canary@x.test", "14155550101"], ["14155550101", "4155550101"])
    texts = [
        "/a?mail%3Drosa.canary%40x.test",
        "/a?b=mail%253Drosa.canary%2540x.test",
        "415_555_0101",
        "415\t555\t0101",
        "+1 (415) 555-0101",
        "415 555 0199 415 555 0101",
        "tel%3D415-555-0101",
        "415\u00a0555\u2009\u20090101",
        "（４１５）５５５—０１０１",
        "415\u200b555\u20130101",
        "写给 rosa.canary＠x.test",
        "4 1 5 5 5 5 0 1 0 1",
        "call 4155550101!",
        "４１５５５５０１０１",
        "415, 555, 0101",
        "415     555     0101",
        "415\r\n555\r\n0101",
        '{"note": "415\\n555\\n0101"}',
        "rosa.canary&#64;x.test",
        "&#114;osa.canary&commat;x&period;test",
        "&amp;#114;osa.canary&#x40;x.test",
        "call 415&nbsp;555&#8211;0101",
        "415<br/>555<br/>0101",
        "/a?b=415%2C555%2C0101",
        "3415 555 0101",  # somebody else's
        "3415, 555, 0101",
        "4, 1, 5, 5, 5, 5, 0, 1, 0, 1",  # ten figures
        "415-555-01019",
        None,
        "50% of 415 others",
        "fish &amp; chips",
    ]
    assert looked.held_by(pa.array(texts, pa.string())).tolist() == list(range(24))


def test_a_text_is_hers_however_an_address_or_a_number_is_written_in_it() -> None:
    hers = {("email", "rosa@x.test"), ("phone", "4155550101")}
    finder = Finder([], lambda words: not hers.isdisjoint(words))
    for text in (
        "a%3Drosa%40x.test",
        "415_555_0101",
        "415\t555\t0101",
        "(４１５)\u00a0555–0101",
        "415\u200b555\u20130101",
        "4 1 5 5 5 5 0 1 0 1",
        "写给 rosa＠x.test",
        "x 415 555 0101 415 555 0199",
        "415, 555, 0101",
        "415     555     0101",
        "415\r\n555\r\n0101",
        '{"note": "415\\n555\\n0101"}',
        "rosa&#64;x.test",
        "&#114;osa&commat;x&period;test",
        "&amp;#114;osa&#x40;x.test",
        "call 415&nbsp;555&#8211;0101",
        "415<br/>555<br/>0101",
    ):
        assert finder.holds(text.encode()), text
    for text in ("3415, 555, 0101", "4, 1, 5, 5, 5, 5, 0, 1, 0, 1", "prosa@x.test", "3415 555 0101", "50%"):
        assert not finder.holds(text.encode()), text
    assert Finder(["Ána May"]).holds(b"name=%C3%A1na%20may") is True
    assert Finder(["Ána May"]).holds(b"&Aacute;na May") is True
