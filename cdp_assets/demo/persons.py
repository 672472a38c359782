"""Who lives where and what they are called: households and persons, as they are in truth.

What a channel gets to know of a person, and how it spells it, belongs to `identities`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.chance import text_list
from cdp_assets.demo.pools import GIVEN_SLOTS, STREET_SLOTS, SURNAME_SLOTS

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

NAMESAKE_DISTANCE = 5  # a namesake takes the name of the fifth person before of the same kind and gender
RECYCLED_DISTANCE = 7  # a recycled phone number was the seventh person's before of the same kind
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
    return f"""
        with households as (
            select *, if(u('language', household_no) < {who["chinese"]}, 'zh', 'en') as lang,
            from households where household_no between {first} and {last}
        ),
        placed as (
            select
                *,
                if(lang = 'en' or u('abroad', household_no) < {who["chinese_abroad"]}, 'US', 'CN') as country,
                size > 1 and u('twins', household_no) < {traps["twins"]} as has_twins,
                size > 1 and u('family phone', household_no) < {traps["family_phone"]} as has_family_phone,
                size > 1 and u('family email', household_no) < {traps["family_email"]} as has_family_email,
            from households
        )
        select
            placed.*,
            city, region, region_name, district, area,
            if(country = 'US',
                zip3 || lpad(pick('zip', household_no, 100)::varchar, 2, '0'),
                zip3 || lpad(pick('zip', household_no, 100)::varchar, 3, '0')) as postcode,
            if(country = 'US',
                (1 + pick('house', household_no, 1900)) || ' ' || street_name
                    || if(u('flat', household_no) < 0.35, ' Apt ' || (1 + pick('apartment', household_no, 60)), ''),
                district || street_name || (1 + pick('house', household_no, 900)) || '号'
                    || (1 + pick('building', household_no, 30)) || '幢'
                    || (100 + pick('apartment', household_no, 2400)) || '室') as street,
        from placed
        join city_pool using (country)
        join street_pool using (country)
        where city_pool.slot = if(country = 'US',
                pick('city', household_no, {len(retailer["us_cities"])}),
                pick('city', household_no, {len(retailer["cn_cities"])}))
            and street_pool.slot = pick('street', household_no, {STREET_SLOTS})
    """


def _drawn_persons(parameters: Parameters) -> str:
    """Persons of the homes with the slots of their names; twins share birth date and surname with the first."""
    traps, who = parameters.traps["identities"], parameters.traps["persons"]
    return f"""
        with members as (
            select homes.*, unnest(range(size)) as role, first_person + role as person_no from homes
        ),
        gendered as (
            select
                *,
                has_twins and role < 2 as is_twin,
                if(u('gender', household_no) < 0.58, 'F', 'M') as head_gender,
                case
                    when role = 0 then head_gender
                    when role = 1 and has_twins
                        then if(u('twin gender', household_no) < 0.6, head_gender, if(head_gender = 'F', 'M', 'F'))
                    when role = 1 and u('couple', household_no) < 0.92 then if(head_gender = 'F', 'M', 'F')
                    else if(u('gender', household_no || '.' || role) < 0.5, 'F', 'M')
                end as gender,
                date '1946-01-01' + pick('born', household_no, 18600)::int as head_born,
            from members
        )
        select
            *,
            case
                when role = 0 or is_twin then head_born
                when role = 1 then least(head_born + (pick('partner born', household_no, 4000) - 2000)::int,
                    date '1999-06-01')
                else least(head_born + (7600 + pick('child born', person_no, 4400))::int,
                    date '1999-01-01' + pick('young', person_no, 900)::int)
            end as birth_date,
            if(role = 1 and not is_twin and (lang = 'zh' or u('own surname', household_no) < 0.2),
                pick('surname', person_no, {SURNAME_SLOTS}), pick('home surname', household_no, {SURNAME_SLOTS}))
                as surname_slot,
            pick('maiden surname', person_no, {SURNAME_SLOTS}) as maiden_slot,
            pick('given', person_no, {GIVEN_SLOTS}) as given_slot,
            lang = 'en' and gender = 'F' and u('married', person_no) < {traps["married_name"]} as is_married_name,
            lang || if(lang = 'zh', if(country = 'US', '_abroad', '_home'), '') as kind,
            u('joins', person_no) < {who["joins_in_year"]} as is_joiner,
            u('lapses', person_no) < {who["lapses"]} as is_lapser,
            u('buys once', person_no) < {who["buys_once"]} as is_one_time,
            u('recycled', person_no) < {traps["recycled_phone"]} and role = 0 as takes_recycled,
            u('namesake', person_no) < {traps["namesakes"]} and role = 0 as takes_namesake,
        from gendered
    """


def _named_persons() -> str:
    return f"""
        with named as materialized (
            select
                drawn_persons.* exclude (head_gender, head_born, surname_slot, maiden_slot, given_slot),
                own.surname, own.surname_latin, maiden.surname as maiden_surname,
                given_pool.given, given_pool.given_latin, given_pool.nickname,
                chr((65 + pick('middle', person_no, 26))::int) as middle_initial,
            from drawn_persons
            join surname_pool as own on own.lang = drawn_persons.lang and own.slot = drawn_persons.surname_slot
            join surname_pool as maiden on maiden.lang = drawn_persons.lang and maiden.slot = drawn_persons.maiden_slot
            join given_pool on given_pool.lang = drawn_persons.lang and given_pool.gender = drawn_persons.gender
                and given_pool.slot = drawn_persons.given_slot
        ),
        neighboured as materialized (
            select
                *,
                lag(person_no, {NAMESAKE_DISTANCE}) over (partition by kind, gender order by person_no) as lookalike,
                lag(person_no, {RECYCLED_DISTANCE}) over (partition by kind order by person_no) as stranger,
                -- null keys instead of conditions on the left side: those would make it a nested loop
                if(takes_namesake and not is_twin, lookalike, null) as name_from,
                if(takes_recycled and not has_family_phone, stranger, null) as phone_from,
            from named
        ),
        paired as materialized (
            select
                named.* exclude (lookalike, stranger, name_from, phone_from) replace (
                    coalesce(other.surname, named.surname) as surname,
                    coalesce(other.surname_latin, named.surname_latin) as surname_latin,
                    coalesce(other.given, named.given) as given,
                    coalesce(other.given_latin, named.given_latin) as given_latin,
                    if(other.person_no is null, named.nickname, other.nickname) as nickname,
                ),
                other.person_no as namesake_of,
                former.person_no as number_from,
                former.area as number_area,
            from neighboured as named
            left join (select * from neighboured where not takes_namesake) as other
                on other.person_no = named.name_from and other.household_no <> named.household_no
            left join (select * from neighboured where not takes_recycled and not has_family_phone) as former
                on former.person_no = named.phone_from and former.household_no <> named.household_no
        )
        select paired.*, receiver.person_no as number_to
        from paired
        left join paired as receiver on receiver.number_from = paired.person_no
    """


def _contacts(parameters: Parameters, customers: int) -> str:
    """Phones and e-mails, unique by construction; entry and exit of a recycled number's two owners do not overlap."""
    prime = next(prime for prime in _DIGIT_PRIMES if prime > customers)
    retailer = parameters.retailer
    prefixes, domains = retailer["mobile_prefixes"], retailer["email_domains"]

    def phone(person: str, slot: int, area: str = "area") -> str:
        number = f"({person} * 2 + {slot})"
        chinese = (
            f"{text_list(prefixes)}[1 + pick('prefix', {number}, {len(prefixes)})] "
            f"|| lpad((({number} * 36741529 + 52739164) % 100000000)::varchar, 8, '0')"
        )
        local = f"(2000000 + ({number} * 1634577 + 2127654) % 8000000)::varchar"
        return f"if(lang = 'zh', {chinese}, {area} || {local})"

    def domain(language: str) -> str:
        return f"{text_list(domains[language])}[1 + pick('{language} domain', person_no, {len(domains[language])})]"

    latin_given, latin_surname = "lower(given_latin)", "lower(surname_latin)"
    digits = f"((person_no * 4271 + 913) % {prime})"
    # a second address has figures of its own, but for those who use theirs everywhere
    other_digits = (
        f"if(u('same digits', person_no) < 0.3, {digits}, {prime} + ((person_no * 5843 + 2741) % {prime}))"
    )
    return f"""
        select
            * exclude (takes_recycled, takes_namesake, number_area),
            'P' || lpad(person_no::varchar, 8, '0') as person_id,
            {phone("coalesce(number_from, person_no)", 0, "coalesce(number_area, area)")} as phone1,
            {phone("person_no", 1)} as phone2,
            if(lang = 'zh', '+86', '+1') as dial,
            case
                when lang = 'zh' and u('qq', person_no) < 0.5 then (102400000 + {digits} * 811)::varchar || '@qq.com'
                else case pick('email style', person_no, 4)
                    when 0 then {latin_given} || '.' || {latin_surname} || {digits}
                    when 1 then left({latin_given}, 1) || {latin_surname} || {digits}
                    when 2 then {latin_given} || '_' || {digits}
                    else {latin_surname} || {latin_given} || {digits}
                end || '@' || if(lang = 'zh', {domain("zh")}, {domain("en")})
            end as email1,
            {latin_surname} || left({latin_given}, 1) || {other_digits}
                || '@' || if(lang = 'zh', {domain("zh_second")}, {domain("en_second")}) as email2,
            case
                when number_from is not null then date '2017-08-01' + pick('entry', person_no, 60)::int
                when number_to is not null or not is_joiner then date '2017-01-01'
                else date '2017-01-15' + pick('entry', person_no, 320)::int
            end as entry_date,
            case
                when number_to is not null then date '2017-04-01' + pick('exit', person_no, 60)::int
                when is_lapser and number_from is null
                    then entry_date + greatest(25, floor((date '2017-11-20' - entry_date) * u('exit', person_no)))::int
                else date '2018-01-01'
            end as exit_date,
            if(is_joiner or number_from is not null, entry_date,
                date '2014-06-01' + pick('since', person_no, 940)::int)
                as customer_since,
        from named_persons
    """


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
    con.execute(f"create or replace temp table named_persons as {_named_persons()}")
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
