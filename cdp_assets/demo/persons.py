"""Who lives where and what they are called: households and persons, as they are in truth.

What a channel gets to know of a person, and how it spells it, belongs to `identities`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.chance import text_list
from cdp_assets.demo.pools import GIVEN_SLOTS, STREET_SLOTS, SURNAME_SLOTS
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

NAMESAKE_DISTANCE = 5  # a namesake takes the name of the fifth person before of the same kind and gender
RECYCLED_DISTANCE = 7  # a recycled phone number was the seventh person's before of the same kind
_LOCAL_NUMBERS, _LOCAL_STEP = (
    8_000_000,
    1_634_577,
)  # numbers of an area; the n-th person's is so many steps on
_DIGIT_PRIMES = (10_007, 100_003, 1_000_003, 10_000_019, 100_000_007)


def create_households(con: duckdb.DuckDBPyConnection, customers: int, parameters: Parameters) -> None:
    """Create `households`: household_no, size, first_person; sizes add up to `customers`."""
    sizes = parameters.traps["persons"]["household_sizes"]
    bounds = [sum(sizes[: index + 1]) for index in range(len(sizes) - 1)]
    size = " + ".join(["1", *(f"(u('household size', household_no) >= {bound})::bigint" for bound in bounds)])
    con.execute(
        f"""
        create or replace table households as
        with drawn as (
            select range as household_no, {size} as size from range({customers})
        ),
        placed as (
            select
                household_no,
                size,
                (sum(size) over (order by household_no) - size)::bigint as first_person,
            from drawn
        )
        select household_no, least(size, {customers} - first_person) as size, first_person
        from placed
        where first_person < {customers}
        order by household_no
        """
    )


def _homes(parameters: Parameters, first: int, last: int) -> str:
    traps, retailer = parameters.traps["identities"], parameters.retailer
    who = parameters.traps["persons"]
    return from_file(
        __name__,
        "homes",
        who=who,
        first=first,
        last=last,
        traps=traps,
        us_cities=len(retailer["us_cities"]),
        cn_cities=len(retailer["cn_cities"]),
        street_slots=STREET_SLOTS,
    )


def _drawn_persons(parameters: Parameters) -> str:
    """Persons of the homes with the slots of their names; twins share birth date and surname with the first,
    a son who bears his father's name has generation Jr., his father Sr.; it is null of all others."""
    traps, who = parameters.traps["identities"], parameters.traps["persons"]
    return from_file(
        __name__, "drawn_persons", surname_slots=SURNAME_SLOTS, given_slots=GIVEN_SLOTS, traps=traps, who=who
    )


def _named_persons(parameters: Parameters, customers: int) -> str:
    # the place in line of whoever has the number after another's: beyond the last customer's, it is nobody's
    after = f"(other.person_no * 2 + {pow(_LOCAL_STEP, -1, _LOCAL_NUMBERS)}) % {_LOCAL_NUMBERS}"
    return from_file(
        __name__,
        "named_persons",
        namesake_distance=NAMESAKE_DISTANCE,
        recycled_distance=RECYCLED_DISTANCE,
        of_street=parameters.rate("identities", "namesake_of_street"),
        next_number=parameters.rate("identities", "namesake_next_number"),
        is_number_free=f"{after} >= {2 * customers}",
    )


def _contacts(parameters: Parameters, customers: int) -> str:
    """Phones and e-mails, unique by construction; entry and exit of a recycled number's two owners do not overlap."""
    prime = next(prime for prime in _DIGIT_PRIMES if prime > customers)
    retailer = parameters.retailer
    prefixes, domains = retailer["mobile_prefixes"], retailer["email_domains"]

    def local(number: str, after: int = 0) -> str:
        return f"(2000000 + ({number} * {_LOCAL_STEP} + {2127654 + after}) % {_LOCAL_NUMBERS})::varchar"

    def phone(person: str, slot: int, area: str = "area") -> str:
        number = f"({person} * 2 + {slot})"
        chinese = (
            f"{text_list(prefixes)}[1 + pick('prefix', {number}, {len(prefixes)})] "
            f"|| lpad((({number} * 36741529 + 52739164) % 100000000)::varchar, 8, '0')"
        )
        return f"if(lang = 'zh', {chinese}, {area} || {local(number)})"

    def domain(language: str) -> str:
        return f"{text_list(domains[language])}[1 + pick('{language} domain', person_no, {len(domains[language])})]"

    latin_given, latin_surname = "lower(given_latin)", "lower(surname_latin)"
    digits = f"((person_no * 4271 + 913) % {prime})"
    # a second address has figures of its own, but for those who use theirs everywhere
    other_digits = (
        f"if(u('same digits', person_no) < 0.3, {digits}, {prime} + ((person_no * 5843 + 2741) % {prime}))"
    )
    return from_file(
        __name__,
        "contacts",
        phone=phone("coalesce(number_from, person_no)", 0, "coalesce(number_area, area)"),
        second_phone=phone("person_no", 1),
        next_number=f"namesake_area || {local('(namesake_of * 2)', 1)}",
        digits=digits,
        latin_given=latin_given,
        latin_surname=latin_surname,
        domain_zh=domain("zh"),
        domain_en=domain("en"),
        other_digits=other_digits,
        second_domain_zh=domain("zh_second"),
        second_domain_en=domain("en_second"),
    )


def create_persons(
    con: duckdb.DuckDBPyConnection, first: int, last: int, customers: int, parameters: Parameters
) -> None:
    """Create `persons` of the households `first` to `last`: one row per person, as he or she is in truth.

    phone1 and phone2 are national numbers without the prefix in `dial`; home_phone and home_email are the
    first member's; entry_date and exit_date bound the purchases; kind is en, zh_abroad or zh_home. A trap
    of two persons takes both from these households.
    """
    con.execute(f"create or replace temp table homes as {_homes(parameters, first, last)}")
    con.execute(f"create or replace temp table drawn_persons as {_drawn_persons(parameters)}")
    con.execute(f"create or replace temp table named_persons as {_named_persons(parameters, customers)}")
    con.execute(
        f"""
        create or replace temp table persons as
        with contacts as ({_contacts(parameters, customers)})
        select
            *,
            first_value(phone1) over home as home_phone,
            first_value(email1) over home as home_email,
        from contacts
        window home as (partition by household_no order by role)
        order by person_no
        """
    )
    con.execute("drop table drawn_persons; drop table named_persons")
