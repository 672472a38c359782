"""What members of the loyalty programme allowed, refused and took back: the answers behind the consent log, with their traps.

Formatting the log belongs to `channels.loyalty`; what browsers refuse by their signals to `channels.ga4` and `channels.segment`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

LATEST = "timestamp '2017-12-30'"


def create_consents(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `consent_answers`: one row per answer: answer, member_id, person_no, contact_kind (email, sms, person), contact (as typed), purpose,
    choice (the log's words), given_by, text_version, at_local (the shop's clock), expires_local, traps.

    Each member is asked per contact and purpose once; some take it back, some grants end, a few object at the till to everything.
    """
    rates = parameters.traps["consents"]
    asked = ", ".join(
        f"{{'purpose': '{purpose}', 'yes': {yes}, 'no': {no}}}"
        for purpose, (yes, no) in rates["asked"].items()
    )
    con.execute(
        f"""
        create or replace temp table consent_answers as
        with contacts as (
            select member_id, person_no, joined_at, 'email' as contact_kind, email as contact
            from loyalty_members where email is not null
            union all
            select member_id, person_no, joined_at, 'sms', phone from loyalty_members where phone is not null
        ),
        questions as (
            select *, unnest([{asked}]) as question from contacts
        ),
        drawn as (
            select
                *, question.purpose as purpose,
                contact_kind || '.' || question.purpose || '.' || member_id as asked_as,
                u('consent', asked_as) as luck,
                date_trunc('second', least({LATEST}, greatest(joined_at, timestamp '2016-01-01')
                    + to_seconds(3600 + pick('consent asked', asked_as, 7000000)))) as first_local,
            from questions
        ),
        first_answers as (
            select
                asked_as as answer, member_id, person_no, contact_kind, contact, purpose, first_local as at_local,
                if(luck < question.yes, 'opt_in', 'opt_out') as choice,
                if(luck < question.yes and u('consent ends', asked_as) < {rates["ends"]},
                    first_local + to_days(90 + pick('consent ends after', asked_as, 300)::int), null) as expires_local,
                'form' as given_by,
            from drawn
            where luck < question.yes + question.no
        ),
        taken_back as (
            select * replace (
                answer || '.back' as answer, 'withdraw' as choice, null as expires_local,
                if(u('back by call', answer) < 0.3, 'call', 'form') as given_by,
                at_local + to_seconds(86400 + pick('consent back', answer, 9000000)) as at_local)
            from first_answers
            where choice = 'opt_in' and u('takes back', answer) < {rates["taken_back"]}
        ),
        objections as (
            select
                'objection.' || purpose || '.' || member_id as answer, member_id, person_no, 'person' as contact_kind,
                null::varchar as contact, purpose,
                greatest(joined_at, timestamp '2017-01-02') + to_seconds(pick('objects', member_id, 20000000)) as at_local,
                'object' as choice, null::timestamp as expires_local, 'till' as given_by,
            from loyalty_members, (select unnest(['marketing', 'ads', 'partners']) as purpose)
            where u('objects', member_id) < {rates["objects"]}
        ),
        said as (
            select * from first_answers union all by name select * from taken_back union all by name select * from objections
        )
        select
            said.* replace (
                -- an address that the member has left since: nobody carries it
                if(contact_kind = 'email' and u('former address', answer) < {rates["former_address"]}, 'former.' || contact, contact)
                    as contact,
                case when u('odd word', answer) < {rates["odd_word"]} then 'perhaps' else choice end as choice,
                case when u('odd purpose', answer) < {rates["odd_purpose"]} then 'raffle' else purpose end as purpose),
            if(at_local < timestamp '2017-05-01', 'v3', 'v4') as text_version,
            if(u('member lives', member_id) < 0.96, 'US', 'CN') as jurisdiction,
        from said
        where at_local < {LATEST}
        order by at_local, answer
        """
    )


TRUTH = """
    select person_id, contact_kind, contact, purpose, choice, at_local, expires_local
    from consent_answers join persons using (person_no)
    order by person_id, contact_kind, contact, purpose, at_local, choice
"""
