"""How each platform wants an identifier written and hashed: SQL over a contact's value, once per distinct value.

A normaliser gives null for what normalises to nothing: such a contact is dropped and counted. Each has a version: a key is what a version
of it gives. Sources and traps stand in docs/destinations.md; the published vectors are a test. Which platform takes which belongs to the
destinations' YAML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cdp_assets.activation.problems import ActivationProblem

_DIGITS = "regexp_replace({v}, '[^0-9]', '', 'g')"
_DIALLED = "regexp_replace({v}, '[^0-9+]', '', 'g')"  # with its plus: a number of another country is none of this one
_NO_BLANKS = "translate({v}, ' \t\n\f\r', '')"
_ANYTHING = "(?s).+"
_IS_HASH = "regexp_full_match(lower(trim({v})), '[0-9a-f]{{32}}|[0-9a-f]{{40}}|[0-9a-f]{{64}}')"


def _email(value: str) -> str:
    return f"lower({_NO_BLANKS.format(v=value)})"


def _user(value: str) -> str:
    return f"split_part({_email(value)}, '@', 1)"


def _domain(value: str) -> str:
    return f"split_part({_email(value)}, '@', 2)"


def _gmail(value: str, domains: str) -> str:
    plain = f"replace(split_part({_user(value)}, '+', 1), '.', '') || '@' || {_domain(value)}"
    return f"case when {_domain(value)} in ({domains}) then {plain} else {_email(value)} end"


def _no_tag(value: str) -> str:
    return f"split_part({_user(value)}, '+', 1) || '@' || {_domain(value)}"


def _digits(value: str) -> str:
    return f"ltrim({_DIGITS.format(v=value)}, '0')"


def _mainland(value: str) -> str:
    return f"regexp_extract({_DIALLED.format(v=value)}, '^(?:(?:[+]|00)?86)?(1[3-9][0-9]{{9}})$', 1)"


def _ten_digits(value: str) -> str:
    return f"regexp_extract({_DIALLED.format(v=value)}, '^(?:(?:[+]|00)?1)?([2-9][0-9]{{9}})$', 1)"


def _letters(value: str) -> str:
    return f"regexp_replace(lower({value}), '[^\\p{{L}}]', '', 'g')"


@dataclass(frozen=True)
class Normaliser:
    """One way of writing an identifier: `sql` gives an expression over another; `valid` is a regular expression of the result."""

    name: str
    version: int
    sql: Callable[[str], str]
    valid: str = _ANYTHING

    def expression(self, value: str, form: str, *, is_hashed: bool) -> str:
        """The normal form (`form`, what `sql` gave), or null: of what is not valid, and of a hash, which is never hashed. Ids that go in clear may look like one."""
        may_look_hashed = self.valid == _ANYTHING and not is_hashed
        is_hash = (
            "" if may_look_hashed else f"when length({value}) >= 32 and {_IS_HASH.format(v=value)} then null "
        )
        return f"case {is_hash}when {self._is_valid(form)} then {form} end"

    def _is_valid(self, form: str) -> str:
        return f"{form} <> ''" if self.valid == _ANYTHING else f"regexp_full_match({form}, '{self.valid}')"


_ADDRESS = "[^@]+@[^@]+[.][^@]+"
_NO_FORMULA = "[^@=+\\-\\s][^@]*@[^@]+[.][^@]+"  # a spreadsheet runs what begins so
_NUMBER = "[1-9][0-9]{6,14}"

_STATES = {
    "alabama": "al", "alaska": "ak", "arizona": "az", "arkansas": "ar", "california": "ca", "colorado": "co", "connecticut": "ct",
    "delaware": "de", "florida": "fl", "georgia": "ga", "hawaii": "hi", "idaho": "id", "illinois": "il", "indiana": "in", "iowa": "ia",
    "kansas": "ks", "kentucky": "ky", "louisiana": "la", "maine": "me", "maryland": "md", "massachusetts": "ma", "michigan": "mi",
    "minnesota": "mn", "mississippi": "ms", "missouri": "mo", "montana": "mt", "nebraska": "ne", "nevada": "nv",
    "new hampshire": "nh", "new jersey": "nj", "new mexico": "nm", "new york": "ny", "north carolina": "nc", "north dakota": "nd",
    "ohio": "oh", "oklahoma": "ok", "oregon": "or", "pennsylvania": "pa", "rhode island": "ri", "south carolina": "sc",
    "south dakota": "sd", "tennessee": "tn", "texas": "tx", "utah": "ut", "vermont": "vt", "virginia": "va", "washington": "wa",
    "west virginia": "wv", "wisconsin": "wi", "wyoming": "wy",
}  # fmt: skip

NORMALISERS: Mapping[str, Normaliser] = {
    each.name: each
    for each in (
        Normaliser("email", 1, _email, _ADDRESS),
        Normaliser("email_gmail", 1, lambda v: _gmail(v, "'gmail.com', 'googlemail.com'"), _ADDRESS),
        Normaliser("email_gmail_only", 1, lambda v: _gmail(v, "'gmail.com'"), _ADDRESS),
        Normaliser("email_no_tag", 1, _no_tag, _ADDRESS),
        Normaliser("email_as_given", 1, lambda v: f"trim({v})", _ADDRESS),
        Normaliser("email_in_sheet", 1, lambda v: f"trim({v})", _NO_FORMULA),
        Normaliser("phone_e164", 1, lambda v: f"'+' || {_digits(v)}", f"[+]{_NUMBER}"),
        Normaliser("phone_digits", 1, _digits, _NUMBER),
        Normaliser("phone_cn_11", 2, _mainland, "1[3-9][0-9]{9}"),
        Normaliser("phone_us_10", 2, _ten_digits, "[2-9][0-9]{9}"),
        Normaliser("plain", 1, lambda v: f"trim({v})"),
        Normaliser("lower", 1, lambda v: f"lower(trim({v}))"),
        Normaliser("upper", 1, lambda v: f"upper(trim({v}))"),
        Normaliser("letters", 1, _letters),
        Normaliser("no_colons_upper", 1, lambda v: f"upper(replace(trim({v}), ':', ''))"),
        Normaliser("gender_letter", 1, lambda v: f"left(lower(trim({v})), 1)", "[fm]"),
        Normaliser("postcode", 1, lambda v: f"split_part(lower({_NO_BLANKS.format(v=v)}), '-', 1)"),
        Normaliser(
            "us_state", 1,
            lambda v: f"case lower(trim({v})) {' '.join(f'''when '{name}' then '{code}' ''' for name, code in _STATES.items())}"
            f"else left({_letters(v)}, 2) end",
            "[a-z]{2}",
        ),
    )
}  # fmt: skip

HASHES: Mapping[str, Callable[[str], str]] = {
    "none": lambda form: form,
    "sha256_hex": lambda form: f"sha256({form})",
    "sha256_base64": lambda form: f"to_base64(unhex(sha256({form})))",
    "sha1_hex": lambda form: f"sha1({form})",
    "md5_hex": lambda form: f"md5({form})",
}


def key_expression(normaliser: str, hash_name: str, value: str) -> str:
    """SQL of the platform's key of one value: normalised, then hashed; null where nothing is left. Raises ActivationProblem."""
    form, key = key_steps(normaliser, hash_name)
    return (
        f"(select {key} from (select given, {form} as form from (select {value} as given) as one) as formed)"
    )


def key_steps(normaliser: str, hash_name: str) -> tuple[str, str]:
    """(SQL of the normal form over the column `given`, SQL of its key over `given` and `form`): each is worked out once a value. Raises ActivationProblem."""
    if normaliser not in NORMALISERS:
        raise ActivationProblem(
            f"there is no normaliser {normaliser!r}", "destination", f"choose one of {', '.join(NORMALISERS)}"
        )
    if hash_name not in HASHES:
        raise ActivationProblem(
            f"there is no hash {hash_name!r}", "destination", f"choose one of {', '.join(HASHES)}"
        )
    its = NORMALISERS[normaliser]
    return its.sql("given"), HASHES[hash_name](its.expression("given", "form", is_hashed=hash_name != "none"))
