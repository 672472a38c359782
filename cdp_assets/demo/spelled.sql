{#
holes:
  pinyin: 'false'
  document: customer_id
  rates: {nickname: 0.5, middle_initial: 0.5, swapped_name_order: 0.5, typo: 0.5, alias_in_brackets: 0.5, lost_character: 0.5, stray_character: 0.5, senior: 0.5, junior: 0.5}
  old_name: 'false'
  slip: reverse(right_family)
  source: persons
#}
with written as (
    select
        *,
        {{ pinyin }} as in_pinyin,
        nickname is not null and u('nickname', {{ document }}) < {{ rates.nickname }} as by_nickname,
        {{ old_name }} as by_maiden_name,
        lang = 'en' and u('initial', {{ document }}) < {{ rates.middle_initial }} as with_initial,
        (lang = 'en' or in_pinyin)
            and u('swapped', {{ document }}) < if(in_pinyin, {{ rates.swapped_name_order }}, 0)
            as family_first,
        (lang = 'en' or in_pinyin) and length(surname_latin) > 4
            and u('slip', {{ document }}) < {{ rates.typo }} as slipped,
        lang = 'zh' and not in_pinyin as in_hanzi,
        in_hanzi and u('alias', {{ document }}) < {{ rates.alias_in_brackets }} as with_alias,
        in_hanzi and not with_alias and length(given) = 2 and u('lost character', {{ document }}) < {{ rates.lost_character }}
            as is_cut,
        in_hanzi and not with_alias and not is_cut and u('stray character', {{ document }}) < {{ rates.stray_character }}
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
        generation is not null and u('generation', {{ document }}) < if(generation = 'Sr.', {{ rates.senior }}, {{ rates.junior }})
            as with_generation,
        if(slipped, {{ slip }}, right_family) || if(with_generation, ' ' || generation, '') as shown_family
    from {{ source }}
)
select
    * exclude (in_pinyin, by_nickname, by_maiden_name, with_initial, family_first, slipped, right_family, in_hanzi, with_alias, is_cut, is_stretched, with_generation),
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
    ], lambda trap: trap is not null) as name_traps
from written
