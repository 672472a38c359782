"""What Splink compares: one Comparison per kind of evidence, its levels named by meaning, best first.

Conditions only; how much each level weighs is the model's (model, prior_model.json). Every condition is symmetric in left and
right, so that a score does not depend on which record is which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cdp_assets.identity.evidence.compatibility import (
    given_names_conflict,
    given_names_near,
    names_within,
    suffixed,
)
from cdp_assets.identity.evidence.spelling import few_errors


@dataclass(frozen=True)
class Level:
    """One level: its name, a label for people, its SQL condition (empty: all the rest), and the column whose frequency weighs.

    is_void: it weighs nothing, whatever the data: what it says is said elsewhere already.
    """

    name: str
    label: str
    condition: str
    term: str | None = None
    is_void: bool = False


@dataclass(frozen=True)
class Comparison:
    """One kind of evidence: null_condition says when it says nothing; levels from the strongest to the rest."""

    name: str
    null_condition: str
    levels: tuple[Level, ...]


_NEAR = given_names_near(suffixed, knows_names=True)
# Every word of one name is among the other's (Maria Lopez, Ana Maria Lopez Garcia).
_WITHIN = names_within(suffixed)
_CONFLICT = f"({given_names_conflict(suffixed, knows_names=True)} and not coalesce({_WITHIN}, false))"
_BOTH_PARTS = "given_key_l is not null and family_key_l is not null and given_key_r is not null and family_key_r is not null"
# Two family names that are both known are two names (Huber, Weber), not one with a slip.
_FAMILY_NEAR = f"""(
    family_key_l = family_key_r
    or (not (is_family_known_l and is_family_known_r) and (
        (not (is_pinyin_l and is_pinyin_r) and jaro_winkler_similarity(family_key_l, family_key_r) >= 0.85)
        or (length(family_key_l) >= 5 and length(family_key_r) >= 5 and {few_errors("family_key_l", "family_key_r", 2)})))
)"""
_CROSS_NEAR = """(
    not (is_pinyin_l and is_pinyin_r)
    and jaro_winkler_similarity(given_key_l, family_key_r) >= 0.88
    and jaro_winkler_similarity(family_key_l, given_key_r) >= 0.88
)"""
_EITHER_INITIAL = "(length(given_key_l) = 1 or length(given_key_r) = 1)"
_LONE_FAMILY = "((family_key_l is null and given_key_l = family_key_r) or (family_key_r is null and given_key_r = family_key_l))"
# A card that says the family name alone, whether it stands where a family name does or as the only name.
_UNNAMED = f"(given_key_l is null or given_key_r is null or coalesce({_LONE_FAMILY}, false))"
# A house in which several people live, met again by a record that does not say which of them it is.
_SHARED_HOME_UNNAMED = (
    f"(street_key_l = street_key_r and (is_street_shared_l or is_street_shared_r) and {_UNNAMED})"
)

_EITHER_LONE = "(not contains(name_words_l, ' ') or not contains(name_words_r, ' '))"

NAME = Comparison(
    "name",
    "name_sound_l is null or name_sound_r is null "
    "or (given_key_l is null and family_key_r is null) or (family_key_l is null and given_key_r is null)",
    (
        Level("exact", "same name", f"name_exact_l = name_exact_r and {_BOTH_PARTS}", "name_exact"),
        Level(
            "same_sound",
            "same name in another script",
            f"name_sound_l = name_sound_r and {_BOTH_PARTS} and (given_han_l is null or given_han_r is null)",
            "name_sound",
        ),
        Level(
            "same_sound_other_characters", "same sound, other characters",
            f"name_sound_l = name_sound_r and {_BOTH_PARTS}",
        ),
        Level(
            "family_and_initial",
            "same family name, given name's initial fits",
            f"family_key_l = family_key_r and {_EITHER_INITIAL} and left(given_key_l, 1) = left(given_key_r, 1)",
            "family_key",
        ),
        Level(
            "family_and_near_given", "same family name, given name nearly the same or a nickname",
            f"family_key_l = family_key_r and {_NEAR}", "family_term",
        ),
        Level(
            "given_and_near_family", "same given name, family name nearly the same",
            f"given_canon_l = given_canon_r and {_FAMILY_NEAR}", "given_term",
        ),
        Level(
            "both_near", "both names nearly the same, or swapped",
            f"({_NEAR} and {_FAMILY_NEAR}) or {_CROSS_NEAR}",
        ),
        Level(
            "family_of_shared_home", "same family name, a given name missing, in a house where several people live",
            f"(family_key_l = family_key_r or {_LONE_FAMILY}) and coalesce({_SHARED_HOME_UNNAMED}, false)", is_void=True,
        ),
        Level(
            "family_only", "same family name, one given name missing",
            "family_key_l = family_key_r and (given_key_l is null or given_key_r is null)", "family_key",
        ),
        Level("lone_family", "the only name of one is the other's family name", _LONE_FAMILY, "lone_term"),
        Level(
            "names_within", "all names of one are among the other's", f"{_WITHIN} and not {_EITHER_LONE}", "name_sound",
        ),
        Level(
            "given_only", "same given name, one family name missing",
            "given_canon_l = given_canon_r and (family_key_l is null or family_key_r is null)", "given_key",
        ),
        Level("lone_name_within", "the only name of one is among the other's names", f"{_WITHIN} and {_EITHER_LONE}"),
        Level(
            "one_part_near", "the only part both have is nearly the same",
            "(given_key_l is null or given_key_r is null or family_key_l is null or family_key_r is null) "
            f"and (coalesce({_NEAR}, false) or coalesce({_FAMILY_NEAR}, false))",
        ),
        Level(
            "given_same_family_differs", "same given name, other family name",
            f"given_canon_l = given_canon_r and {_BOTH_PARTS}",
        ),
        Level(
            "family_same_given_differs", "same family name, other given name",
            f"family_key_l = family_key_r and {_BOTH_PARTS}",
        ),
        Level("else", "other name", ""),
    ),
)  # fmt: skip

_PART_OF_DATE = "(right(birth_key_l, 2) = '00' or right(birth_key_r, 2) = '00')"
BIRTH_DATE = Comparison(
    "birth_date",
    "birth_key_l is null or birth_key_r is null",
    (
        Level("exact", "same birth date", f"birth_key_l = birth_key_r and not {_PART_OF_DATE}", "birth_key"),
        Level(
            "day_and_month_swapped", "day and month swapped",
            "left(birth_key_l, 4) = left(birth_key_r, 4) and substr(birth_key_l, 5, 2) = substr(birth_key_r, 7, 2) "
            "and substr(birth_key_l, 7, 2) = substr(birth_key_r, 5, 2) "
            f"and not {_PART_OF_DATE}",
        ),
        Level(
            "one_error", "one digit differs or two neighbours swapped",
            f"not {_PART_OF_DATE} and (hamming(birth_key_l, birth_key_r) <= 1 or (hamming(birth_key_l, birth_key_r) = 2 "
            "and damerau_levenshtein(birth_key_l, birth_key_r) = 1))",
        ),
        Level(
            "placeholder_day", "same year, one of them without month and day or the first of January",
            "left(birth_key_l, 4) = left(birth_key_r, 4) and (substr(birth_key_l, 5) in ('0101', '0000') "
            f"or substr(birth_key_r, 5) in ('0101', '0000') or ({_PART_OF_DATE} and left(birth_key_l, 6) = left(birth_key_r, 6)))",
        ),
        Level(
            "two_errors", "two digits differ",
            f"hamming(birth_key_l, birth_key_r) <= case when {_PART_OF_DATE} then 1 else 2 end",
        ),
        Level(
            "same_day_other_year", "same day and month, other year",
            f"substr(birth_key_l, 5) = substr(birth_key_r, 5) and not {_PART_OF_DATE}",
        ),
        Level("else", "other birth date", ""),
    ),
)  # fmt: skip

PHONE = Comparison(
    "phone",
    "phone_tail_l is null or phone_tail_r is null",
    (
        Level(
            "exact_shared_unnamed", "same phone, but several people use it and a name is missing",
            f"phone_l = phone_r and (is_phone_shared_l or is_phone_shared_r) and {_UNNAMED}",
        ),
        Level("exact", "same phone", "phone_l = phone_r"),
        Level(
            "masked", "masked phone fits",
            "(phone_l is null or phone_r is null) and phone_tail_l = phone_tail_r and phone_head_l = phone_head_r",
        ),
        Level(
            "masked_tail", "last digits of a masked phone fit",
            "(phone_l is null or phone_r is null) and phone_tail_l = phone_tail_r "
            "and (phone_head_l is null or phone_head_r is null)",
        ),
        # Numbers are given out in a row: the neighbour's is as likely as a slip.
        Level(
            "next_number", "only the last digit of the phone differs",
            "length(phone_l) >= 9 and length(phone_l) = length(phone_r) and left(phone_l, length(phone_l) - 1) = left(phone_r, length(phone_r) - 1)",
            is_void=True,
        ),
        Level(
            "one_error", "one digit of the phone differs",
            "length(phone_l) >= 9 and abs(length(phone_l) - length(phone_r)) <= 1 "
            "and (left(phone_l, 6) = left(phone_r, 6) or right(phone_l, 5) = right(phone_r, 5)) "
            f"and {few_errors('phone_l', 'phone_r', 1)}",
        ),
        Level("else", "other phone", ""),
    ),
)  # fmt: skip

_BOTH_OF_NAME = "(is_user_of_name_l and is_user_of_name_r)"
_DOMAINS = ("split_part(email_l, '@', 2)", "split_part(email_r, '@', 2)")
_SLIP_IN_DOMAIN = f"(email_user_l = email_user_r and {few_errors(*_DOMAINS, 1)})"
EMAIL = Comparison(
    "email",
    "email_l is null or email_r is null",
    (
        Level(
            "exact_shared_home_unnamed", "same e-mail and phone, but several people use them and a name is missing",
            f"email_l = email_r and (is_email_shared_l or is_email_shared_r) and {_UNNAMED} and coalesce(phone_l = phone_r, false)",
            is_void=True,
        ),
        Level(
            "exact_shared_unnamed", "same e-mail, but several people use it and a name is missing",
            f"email_l = email_r and (is_email_shared_l or is_email_shared_r) and {_UNNAMED}",
        ),
        Level("exact", "same e-mail", "email_l = email_r"),
        Level(
            "near", "e-mail nearly the same",
            "email_digits_l = email_digits_r and abs(length(email_l) - length(email_r)) <= 3 "
            "and length(email_l) >= 10 and length(email_user_l) >= 4 and jaro_similarity(email_l, email_r) >= 0.8 "
            f"and {few_errors('email_l', 'email_r', 3)} and not ({_BOTH_OF_NAME} and not {_SLIP_IN_DOMAIN})",
        ),
        Level(
            "same_user_of_name", "same user name at another provider, but it is made of the name",
            f"email_user_l = email_user_r and length(email_user_l) >= 5 and {_BOTH_OF_NAME}", is_void=True,
        ),
        Level(
            "same_user", "same user name at another provider",
            "email_user_l = email_user_r and length(email_user_l) >= 5",
        ),
        Level("else", "other e-mail", ""),
    ),
)  # fmt: skip

NATIONAL_ID = Comparison(
    "national_id",
    "national_id_l is null or national_id_r is null",
    (
        Level("exact", "same document number", "national_id_l = national_id_r"),
        Level("one_error", "one character of the document number differs",
              few_errors("national_id_l", "national_id_r", 1)),
        Level("two_errors", "two characters of the document number differ",
              few_errors("national_id_l", "national_id_r", 2)),
        Level("else", "other document number", ""),
    ),
)  # fmt: skip

_SAME_AREA = "(coalesce(postcode_key_l = postcode_key_r, false) or coalesce(city_key_l = city_key_r, false))"
_STREET_NEAR = f"""(
    jaro_winkler_similarity(street_key_l, street_key_r) >= 0.92
    or (length(street_key_l) >= 8 and abs(length(street_key_l) - length(street_key_r)) <= 3
        and jaro_similarity(street_key_l, street_key_r) >= 0.75
        and {few_errors("street_key_l", "street_key_r", 3)})
    or (street_number_l = street_number_r and jaro_winkler_similarity(street_key_l, street_key_r) >= 0.8)
)"""
_OTHER_HOUSE = "(street_number_l <> street_number_r)"
ADDRESS = Comparison(
    "address",
    "(street_key_l is null or street_key_r is null) "
    "and (postcode_key_l is null or postcode_key_r is null) and (city_key_l is null or city_key_r is null)",
    (
        Level(
            "shared_home_unnamed", "same street, but several people live there and a given name is missing", _SHARED_HOME_UNNAMED,
            is_void=True,
        ),
        Level("street_and_area", "same street and place", f"street_key_l = street_key_r and {_SAME_AREA}"),
        Level(
            "near_street_and_area", "street nearly the same, same place",
            f"{_STREET_NEAR} and {_SAME_AREA} and not coalesce({_OTHER_HOUSE}, false)",
        ),
        Level("other_house", "street nearly the same, another house number, same place", f"{_STREET_NEAR} and {_SAME_AREA}"),
        Level("street", "same street, place missing or written otherwise", "street_key_l = street_key_r"),
        Level("near_street", "street nearly the same, other place", _STREET_NEAR),
        Level(
            "postcode_and_city", "same postcode and city",
            "postcode_key_l = postcode_key_r and city_key_l = city_key_r "
            "and (street_key_l is null or street_key_r is null)",
        ),
        Level(
            "postcode", "same postcode",
            "postcode_key_l = postcode_key_r and (street_key_l is null or street_key_r is null)",
        ),
        Level(
            "area_other_street", "same place, other street",
            "postcode_key_l = postcode_key_r and street_key_l is not null and street_key_r is not null",
        ),
        Level("city", "same city", "city_key_l = city_key_r"),
        Level("near_city", "city nearly the same",
              "jaro_winkler_similarity(city_key_l, city_key_r) >= 0.88 "
              f"or (length(postcode_key_l) >= 4 and {few_errors('postcode_key_l', 'postcode_key_r', 1)})"),
        Level("else", "other address", ""),
    ),
)  # fmt: skip

GENDER = Comparison(
    "gender",
    "gender_key_l is null or gender_key_r is null",
    (Level("exact", "same gender", "gender_key_l = gender_key_r"), Level("else", "other gender", "")),
)

_SHARED_STREET = (
    "(coalesce(street_key_l = street_key_r, false) "
    "or coalesce(street_number_l = street_number_r and jaro_winkler_similarity(street_key_l, street_key_r) >= 0.8, false))"
)
_SHARED = (
    "(coalesce(phone_l = phone_r, false)::int + coalesce(email_l = email_r, false)::int "
    f"+ {_SHARED_STREET}::int)"
)
_NEAR_HOME = (
    f"coalesce({_STREET_NEAR} and {_SAME_AREA} and not coalesce({_OTHER_HOUSE}, false) "
    "and family_key_l = family_key_r, false)"
)
_SHARED_CONTACT = "(coalesce(phone_l = phone_r, false) or coalesce(email_l = email_r, false))"
_NOTHING_SHARED = f"not ({_SHARED_CONTACT} or {_SHARED_STREET})"
# A document is nobody else's: where it is the same, but for a slip, the household explains nothing.
_SAME_DOCUMENT = f"coalesce({few_errors('national_id_l', 'national_id_r', 1)}, false)"
_OTHER_BIRTH = f"""coalesce(not {_PART_OF_DATE} and hamming(birth_key_l, birth_key_r) > 2
    and not (substr(birth_key_l, 5, 2) = substr(birth_key_r, 7, 2) and substr(birth_key_l, 7, 2) = substr(birth_key_r, 5, 2)), false)"""
_OTHER_PERSON = (
    f"(not {_SAME_DOCUMENT} and ({_CONFLICT} or coalesce({_LONE_FAMILY}, false) and {_OTHER_BIRTH}))"
)
# But it is lent and mistyped: where nothing beside it is the same and both given names are known names, it is not enough.
_LENT_DOCUMENT = f"({_SAME_DOCUMENT} and {_CONFLICT} and is_given_known_l and is_given_known_r)"
_BIRTH_FITS = f"coalesce({few_errors('birth_key_l', 'birth_key_r', 1)}, false)"
_SAME_BIRTH = f"coalesce(birth_key_l = birth_key_r and not {_PART_OF_DATE}, false)"
# Phone, e-mail and address are shared in a household: where given names conflict, they say "family", and count no more.
HOUSEHOLD = Comparison(
    "household",
    "given_key_l is null or given_key_r is null",
    (
        Level(
            "lent_document_family", "other given name: only document and family name are the same",
            f"{_NOTHING_SHARED} and {_LENT_DOCUMENT} and not {_BIRTH_FITS} and coalesce(family_key_l = family_key_r, false)",
        ),
        Level(
            "lent_document", "other name: only the document number is the same",
            f"{_NOTHING_SHARED} and {_LENT_DOCUMENT} and not {_BIRTH_FITS}",
        ),
        Level(
            "lent_document_home", "other given name and birth date: a household that shares phone or e-mail shares a document, too",
            f"{_SHARED_CONTACT} and {_LENT_DOCUMENT} and {_OTHER_BIRTH}",
        ),
        Level(
            "other_person_near_street", "other given name: household shares a street that is written nearly the same",
            f"{_NOTHING_SHARED} and {_OTHER_PERSON} and not {_SAME_BIRTH} and {_NEAR_HOME}",
        ),
        Level("nothing_shared", "no phone, e-mail or address in common", _NOTHING_SHARED),
        Level("other_person_3_birth", "other given name: household shares phone, e-mail, address; same birth date (twins)",
              f"{_OTHER_PERSON} and {_SHARED} = 3 and {_SAME_BIRTH}"),
        Level("other_person_3", "other given name: household shares phone, e-mail and address",
              f"{_OTHER_PERSON} and {_SHARED} = 3"),
        Level("other_person_2_birth", "other given name: household shares two of phone, e-mail, address; same birth date (twins)",
              f"{_OTHER_PERSON} and {_SHARED} = 2 and {_SAME_BIRTH}"),
        Level("other_person_2", "other given name: household shares two of phone, e-mail, address",
              f"{_OTHER_PERSON} and {_SHARED} = 2"),
        Level("other_person_1_birth", "other given name: household shares one of phone, e-mail, address; same birth date (twins)",
              f"{_OTHER_PERSON} and {_SHARED} = 1 and {_SAME_BIRTH}"),
        Level("other_person_1", "other given name: household shares one of phone, e-mail, address",
              f"{_OTHER_PERSON} and {_SHARED} = 1"),
        Level("else", "nothing that a household explains", ""),
    ),
)  # fmt: skip

COMPARISONS = (NAME, BIRTH_DATE, PHONE, EMAIL, NATIONAL_ID, ADDRESS, GENDER, HOUSEHOLD)

# A name that stands alone may be the family name.
_FAMILY = "coalesce(family_key, given_key)"
_BEGINNINGS = (
    "least(left(given_key, 2), left(family_key, 2)) || greatest(left(given_key, 2), left(family_key, 2))"
)
# Blocking rules: two nodes are compared where one of these keys is equal. Name → SQL key over node_evidence (null: no block).
BLOCKING: dict[str, str] = {
    "same_phone": "phone",
    "same_email": "email",
    "same_document": "national_id",
    "same_birth_date_and_initials": "birth_key || '|' || least(left(given_canon, 1), left(family_key, 1)) || "
    "greatest(left(given_canon, 1), left(family_key, 1))",
    "same_birth_date_and_family_name": f"birth_key || '|' || {_FAMILY}",
    "same_birth_date_and_given_name": "birth_key || '|' || given_canon",
    "same_birth_date_and_city": "birth_key || '|' || city_key",
    "same_birth_date_and_postcode": "birth_key || '|' || postcode_key",
    "same_birth_date_and_gender": "birth_key || '|' || gender_key",
    "same_name": "case when given_key is not null and family_key is not null then name_sound end",
    "same_name_and_city": "case when given_key is not null and family_key is not null then name_sound || '|' || city_key end",
    "same_name_and_postcode": "name_sound || '|' || postcode_key",
    "same_given_name_and_postcode": "given_canon || '|' || postcode_key",
    "same_family_name_and_postcode": f"{_FAMILY} || '|' || postcode_key",
    "same_given_name_and_city": "given_canon || '|' || city_key",
    "same_family_name_and_city": f"{_FAMILY} || '|' || city_key",
    "same_street": "street_key",
    "same_street_number_and_postcode": "street_number || '|' || postcode_key || '|' || left(coalesce(given_key, family_key), 1)",
    "same_given_name_and_street_number": "given_canon || '|' || street_number",
    "same_family_name_and_street_number": f"{_FAMILY} || '|' || street_number",
    "same_email_user": "case when length(email_user) >= 5 then email_user end",
    "same_phone_tail_and_family_name": "phone_tail || '|' || family_key",
    "same_phone_tail_and_name": "phone_tail || '|' || name_sound",
    "same_family_name_and_birth_month": "family_key || '|' || left(birth_key, 6)",
    "same_given_name_and_birth_month": "given_canon || '|' || left(birth_key, 6)",
    "same_given_name_and_birth_day": "given_canon || '|' || substr(birth_key, 5)",
    "same_family_name_and_birth_day": "family_key || '|' || substr(birth_key, 5)",
    # Tolerant of slips in each part, and of names swapped or written into one field.
    "near_names_and_birth_year": f"{_BEGINNINGS} || '|' || left(birth_key, 4)",
    "near_names_and_city": f"{_BEGINNINGS} || '|' || left(city_key, 3)",
    "near_names_and_birth_day": f"{_BEGINNINGS} || '|' || substr(birth_key, 5)",
    "near_family_name_and_birth_month": "left(coalesce(family_key, given_key), 2) || '|' || left(birth_key, 6)",
    "near_given_name_and_birth_month": "left(coalesce(given_key, family_key), 2) || '|' || left(birth_key, 6)",
    "near_email_and_birth_year": "left(email_user, 3) || '|' || left(birth_key, 4)",
    "near_email_and_city": "left(email_user, 3) || '|' || left(city_key, 3)",
    "near_city_and_birth_month": "left(city_key, 3) || '|' || left(birth_key, 6)",
}
# What a rule's key is made of says nothing more of the pairs that it finds: column → comparison.
_COMPARED_BY = {
    "given_key": "name", "given_canon": "name", "family_key": "name", "name_sound": "name", "birth_key": "birth_date",
    "phone": "phone", "phone_tail": "phone", "email": "email", "email_user": "email", "national_id": "national_id",
    "street_key": "address", "street_number": "address", "city_key": "address", "postcode_key": "address", "gender_key": "gender",
}  # fmt: skip
# Rule → the comparisons that it fixes.
FIXED_BY = {
    rule: frozenset(_COMPARED_BY[word] for word in re.findall(r"[a-z_]+", key) if word in _COMPARED_BY)
    for rule, key in BLOCKING.items()
}
TERM_COLUMNS = (
    "name_exact",
    "name_sound",
    "given_key",
    "family_key",
    "given_term",
    "family_term",
    "lone_term",
    "birth_key",
)

# Levels whose weights must not rise from left to right, whatever the data.
MUST_FALL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("name", ("both_near", "given_only", "given_same_family_differs", "else")),
    ("name", ("both_near", "family_only", "family_same_given_differs", "else")),
    ("name", ("both_near", "names_within", "lone_name_within", "else")),
    ("birth_date", ("exact", "one_error", "two_errors", "else")),
    ("phone", ("exact", "masked", "else")),
    ("email", ("exact", "near", "else")),
    ("national_id", ("exact", "one_error", "two_errors", "else")),
    ("address", ("street_and_area", "near_street_and_area", "city", "else")),
    ("gender", ("exact", "else")),
)
