"""Normal forms of identifiers and their keyed hashes: what a suppression is, and what a row is compared with.

The SQL in `matching` makes the same forms of delivered text. Values go in, hashes come out; nothing is kept here.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from urllib.parse import unquote

import phonenumbers

from cdp_assets.keys import pseudonym
from cdp_assets.mailbox import mailbox_of

SUPPRESS = "suppress"
# Letters of the alphabets, so that another's address does not end in hers; signs of Chinese and Japanese text may stand before an address.
_LETTERS = "a-z0-9\u00df-\u024f\u0300-\u052f"
EMAIL_PATTERN = rf"[{_LETTERS}._%+'-]+@[{_LETTERS}-]+(?:\.[{_LETTERS}-]+)+"
# What stands for plain characters in an address or a number, as `normalize("NFKC")` and people read it: wide forms, spaces and dashes of many kinds.
WIDE = "".join(map(chr, range(0xFF01, 0xFF5F)))
PLAIN = "".join(map(chr, range(0x21, 0x7F)))
SPACES, DASHES, UNSEEN = (
    "\u00a0\u2000-\u200a\u202f\u205f\u3000",
    "\u2010-\u2015\u2212",
    "\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff",
)
# A run of digits with what people write between them. Several numbers may stand side by side in one: `numbers_in` takes them apart.
NUMBER_PATTERN = r"\+?[0-9](?:[ ().\-/_\t]{0,3}[0-9]){6,60}"
DIGITS = (7, 17)  # fewest and most of one number, the prefix of its country among them
# The same with commas, line breaks or much space between groups of digits: whoever reads it sees one number, but two amounts may stand so, too.
FAR_PATTERN = r"\+?[0-9]+(?:(?:[ ().\-/_\t,;\r\n]|\\[nrt]){1,12}[0-9]{2,}){1,40}"
FAR_DIGITS = 9  # fewest of one that is found so
FAR_APART = r"[0-9][ ().\-/_\t]*(?:[,;\r\n]|\\[nrt]|    |\t)(?:[ ().\-/_\t,;\r\n]|\\[nrt])*[0-9]{2}"  # whether there is any
# What addresses of pages write for the characters of an e-mail address or a number, and for what stands around them.
ESCAPED = {"%25": "%", "%40": "@", "%2B": "+", "%2E": ".", "%2D": "-", "%5F": "_", "%20": " ", "%28": "(", "%29": ")", "%2F": "/",
           "%3D": "=", "%26": "&", "%3A": ":", "%3F": "?", "%22": '"', "%2C": ",", "%3B": ";"}  # fmt: skip
# Texts that say something else than they spell: addresses of pages, and markup, which may be escaped in turn.
MARKUP = "(?:&|\uff06|%26|%2526)(?:#|%23|%2523|[a-zA-Z]+(?:;|%3B))|<br"
ESCAPES = f"%[0-9A-Fa-f]{{2}}|{MARKUP}"
NORMALISATIONS = ("email_lower", "phone_e164")


def suppression(key: bytes, kind: str, *parts: str) -> str:
    """The keyed hash under which one form of an identifier is suppressed."""
    return pseudonym(key, SUPPRESS, kind, *parts)


def plain_email(value: str) -> str | None:
    """An address as it is compared: compatible characters folded, lower case; None where it is none."""
    text = unicodedata.normalize("NFKC", value).strip().lower()
    return text if re.fullmatch(EMAIL_PATTERN, text) else None


def plain_phone(value: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    """A number that is possible, read in the given region where it has no country code; else None."""
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", value), region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def unescaped(text: str) -> str:
    """A text as it is read: what addresses of pages and markup escape, once or twice, written plainly."""
    if not re.search(ESCAPES, text, re.IGNORECASE):
        return text
    for _ in range(2):
        text = unquote(unescape(re.sub("<br */?>", "\n", text, flags=re.IGNORECASE)))
    return text


def plain_text(text: str) -> str:
    """A text as addresses and numbers are looked for in it: escapes read, wide forms, odd spaces and dashes plain. What is plain is not touched."""
    text = unescaped(text)
    if not text.isascii():
        text = re.sub(f"[{DASHES}]", "-", unicodedata.normalize("NFKC", re.sub(f"[{UNSEEN}]", "", text)))
        text = unescaped(text)  # an escape may have been written in wide forms
    return text


def contacts_in(text: str) -> set[tuple[str, str]]:
    """What a text names: ("email", address, and the mailbox that it reaches) and ("phone", the digits of each number that it may be)."""
    text = plain_text(text)
    addresses = set(re.findall(EMAIL_PATTERN, text.lower())) if "@" in text else set()
    runs, far = set(re.findall(NUMBER_PATTERN, text)), set(re.findall(FAR_PATTERN, text))
    return {
        *(("email", form) for each in addresses for form in (each, mailbox_of(each))),
        *(("phone", number) for each in runs for number in numbers_in(each)),
        *(("phone", number) for each in far for number in numbers_in(each) if len(number) >= FAR_DIGITS),
    }


def national_forms(value: str) -> set[str]:
    """The digits of a number in E.164 form, with and without its country's code."""
    number = plain_phone(value, None)
    if number is None:
        return set()
    national = phonenumbers.national_significant_number(number)
    return {f"{number.country_code}{national}", national.lstrip("0")}


def numbers_in(run: str) -> set[str]:
    """The numbers that a run of digits may be: its groups joined, each beginning and end, without leading zeros."""
    groups = re.findall("[0-9]+", run.replace("(0)", ""))
    joined = {
        "".join(groups[first:last])
        for first in range(len(groups))
        for last in range(first + 1, len(groups) + 1)
    }
    return {each.lstrip("0") for each in joined if DIGITS[0] <= len(each) <= DIGITS[1]}


def of_email(key: bytes, value: str) -> list[str]:
    """The address as it stands, and the mailbox that it reaches where that is written otherwise: identity knows people by the mailbox."""
    text = plain_email(value)
    return (
        [suppression(key, "email", each) for each in dict.fromkeys([text, mailbox_of(text)])] if text else []
    )


def of_phone(key: bytes, value: str, region: str | None = None) -> list[str]:
    """The number with its country code, and without it in the regions that share that code."""
    number = plain_phone(value, region)
    if number is None:
        return []
    national = phonenumbers.national_significant_number(number)
    regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    return [
        suppression(key, "phone", f"{number.country_code}{national}"),
        *(suppression(key, "phone", each, national.lstrip("0")) for each in regions),
    ]


def of_source_id(key: bytes, channel: str, value: str) -> list[str]:
    """An id that a channel gives to a person or to her device."""
    return [suppression(key, "id", channel, value.strip())]


def of_order(key: bytes, channel: str, order_id: str) -> list[str]:
    """An order whose person is gone; its rows stay, blank, whenever they are delivered again."""
    return [suppression(key, "order", channel, order_id.strip())]


def of_cell(key: bytes, value: str) -> list[str]:
    """An identifier that fills a whole cell, in any channel: a loyalty card, a national id."""
    return [suppression(key, "cell", value.strip().lower())]


def of_named(key: bytes, hashed: str, name: str) -> list[str]:
    """An identifier that others share (its hash), together with her name."""
    return [suppression(key, "named", hashed, plain_name(name))]


def of_name(key: bytes, name: str) -> list[str]:
    """Her name, which tells only in a row that is hers already whether the goods went to herself."""
    return [suppression(key, "name", plain_name(name))]


def of_sha256(key: bytes, digest: str, normalisation: str) -> list[str]:
    """A plain SHA-256 out of somebody else's list, of a stated normalisation."""
    if normalisation not in NORMALISATIONS:
        raise ValueError(
            f"the normalisation {normalisation!r} is not known; it is one of {', '.join(NORMALISATIONS)}"
        )
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise ValueError("a line is no SHA-256: 64 hexadecimal digits are expected")
    return [suppression(key, f"sha256_{normalisation}", digest.lower())]


def plain_name(value: str) -> str:
    """A name as it is compared: compatible characters folded, lower case, without space and marks."""
    folded = unicodedata.normalize("NFKC", value).lower()
    return "".join(char for char in folded if char.isalnum())
