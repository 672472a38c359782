"""How a name comes out of a keyboard: pinyin, nicknames, maiden names, initials and slips.

One spelling per document key, so that an account keeps its spelling from export to export. Which documents
exist belongs to `identities`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cdp_assets.demo.parameters import Parameters

Script = Literal["latin", "hanzi"]


def _slip(name: str, document: str) -> str:
    """Two neighbouring letters exchanged, never the first."""
    position = f"(2 + pick('slip place', {document}, greatest(length({name}) - 2, 1)))::int"
    return (
        f"left({name}, {position} - 1) || substr({name}, {position} + 1, 1) || substr({name}, {position}, 1) "
        f"|| substr({name}, {position} + 2)"
    )


def spelled(
    source: str, document: str, script: Script, parameters: Parameters, *, maiden: bool = False
) -> str:
    """SELECT over `source` (`persons` columns), adding shown_given, shown_family, shown_name, name_traps.

    `document` is a SQL expression: rows with equal documents are spelled alike. With script 'latin' most
    Chinese names come in pinyin, with 'hanzi' none does. `maiden` lets women who married under another name
    keep the former one.
    """
    rates = parameters.traps["identities"]
    pinyin = f"lang = 'zh' and u('pinyin', {document}) < {rates['pinyin']}" if script == "latin" else "false"
    old_name = "is_married_name" if maiden else "false"
    return f"""
        with written as (
            select
                *,
                {pinyin} as in_pinyin,
                nickname is not null and u('nickname', {document}) < {rates["nickname"]} as by_nickname,
                {old_name} as by_maiden_name,
                lang = 'en' and u('initial', {document}) < {rates["middle_initial"]} as with_initial,
                (lang = 'en' or in_pinyin)
                    and u('swapped', {document}) < if(in_pinyin, {rates["swapped_name_order"]}, 0)
                    as family_first,
                (lang = 'en' or in_pinyin) and length(surname_latin) > 4
                    and u('slip', {document}) < {rates["typo"]} as slipped,
                lang = 'zh' and not in_pinyin as in_hanzi,
                in_hanzi and u('alias', {document}) < {rates["alias_in_brackets"]} as with_alias,
                in_hanzi and not with_alias and length(given) = 2 and u('lost character', {document}) < {rates["lost_character"]}
                    as is_cut,
                in_hanzi and not with_alias and not is_cut and u('stray character', {document}) < {rates["stray_character"]}
                    as is_stretched,
                case
                    when by_nickname then nickname
                    when in_pinyin then given_latin
                    when with_alias then given || '（小' || right(given, 1) || '）'
                    when is_cut then right(given, 1)
                    when is_stretched then given || right(given, 1)
                    else given
                end
                    || if(with_initial, ' ' || middle_initial, '') as shown_given,
                case when by_maiden_name then maiden_surname when in_pinyin then surname_latin else surname
                    end as right_family,
                if(slipped, {_slip("right_family", document)}, right_family) as shown_family,
            from {source}
        )
        select
            * exclude (in_pinyin, by_nickname, by_maiden_name, with_initial, family_first, slipped, right_family, in_hanzi, with_alias, is_cut, is_stretched),
            case
                when lang = 'zh' and not in_pinyin then shown_family || shown_given
                when family_first then shown_family || ' ' || shown_given
                else shown_given || ' ' || shown_family
            end as shown_name,
            list_filter([
                if(in_pinyin, 'pinyin', null),
                if(by_nickname, 'nickname', null),
                if(by_maiden_name, 'married_name', null),
                if(slipped, 'typo', null),
                if(with_alias, 'alias', null),
                if(is_cut or is_stretched, 'character_slip', null)
            ], lambda trap: trap is not null) as name_traps,
        from written
    """


def placeholder(kind: Literal["phone", "email"], document: str, parameters: Parameters) -> str:
    """SQL: a placeholder value typed into this document instead of the truth, or null."""
    values = [str(value) for value in parameters.traps["placeholders"][f"{kind}s"]]
    listed = "[" + ", ".join(f"'{value}'" for value in values) + "]"
    rate = parameters.rate("identities", f"placeholder_{kind}")
    # the first of the list is by far the commonest
    return (
        f"if(u('no {kind}', {document}) < {rate}, "
        f"{listed}[1 + floor(pow(u('which {kind}', {document}), 3) * {len(values)})::int], null)"
    )
