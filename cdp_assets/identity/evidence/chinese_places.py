"""Chinese addresses by their parts: province, city, district, road and number, as SQL over one column.

"北京北京市海淀区胜利路235号" and "海淀区胜利路235号" are one address. Province and city leave the street; the district stays, because
roads of one name lie in several. Comparing addresses does not belong here: see comparisons.
"""

from __future__ import annotations

import duckdb

from cdp_assets.identity.context import reference
from cdp_assets.identity.evidence.names import HAN, simplified_characters

_STREET_WORDS = "路街道巷弄里号"


def register_characters(con: duckdb.DuckDBPyConnection, relation: str, columns: list[str]) -> None:
    """Temp macro `simplified_place(text)`: traditional characters of these columns become simplified ones."""
    rows = con.execute(
        f"""
        select distinct unnest(string_split(regexp_replace(part, '[^{HAN[1:-1]}]', '', 'g'), '')) as character
        from (select distinct unnest([{", ".join(columns)}]) as part from {relation})
        where part is not null and regexp_matches(part, '{HAN}')
        order by 1
        """
    ).fetchall()
    old, new = simplified_characters([character for (character,) in rows if character])
    con.execute(f"create or replace temp macro simplified_place(place) as translate(place, '{old}', '{new}')")


def bare_place(column: str) -> str:
    """A city or region in simplified characters, without the word for what it is (成都市 is 成都); other scripts as they are."""
    kinds = "|".join(reference("chinese_places")["province_kinds"])
    bare = f"regexp_replace(simplified_place(replace({column}, ' ', '')), '^(.{{2,}}?)({kinds})$', '\\1')"
    return f"case when {_is_chinese(column)} then {bare} else {column} end"


def street_words(column: str) -> str:
    """District, road and number of a Chinese address; the words of any other."""
    places = reference("chinese_places")
    # 重庆南路122号 is a road, not the city of Chongqing.
    is_road = "parts.kind = '' and parts.city = '' and parts.district = ''"
    words = f"case when {is_road} then {_compact(column)} else parts.district || parts.rest end"
    rest = _once(_parts(column), "parts", words)
    one_word = f"regexp_replace({rest}, '({'|'.join(places['building_words'])})', '幢', 'g')"
    bare = f"regexp_replace({one_word}, '([0-9])(室|号房|房)$', '\\1')"
    return f"case when {_is_chinese(column)} then {bare} else {column} end"


def city_of_street(column: str) -> str:
    """City (or municipality) that a Chinese address begins with, bare; null where it names none."""
    city = "regexp_replace(parts.city, '(市|地区|盟)$', '')"
    town = "case when parts.province in ('北京', '天津', '上海', '重庆') then parts.province end"
    named = f"case when parts.city <> '' then {city} when parts.kind <> '' or parts.district <> '' then {town} end"
    return f"case when {_is_chinese(column)} then {_once(_parts(column), 'parts', named)} end"


def _once(value: str, name: str, expression: str) -> str:
    """SQL: an expression in which a value goes by a name. Written out each time, the patterns would be planned as often: 0.2 s of a night."""
    return f"list_transform([{value}], lambda {name}: {expression})[1]"


def _is_chinese(column: str) -> str:
    return f"regexp_matches({column}, '{HAN}')"


def _compact(column: str) -> str:
    return f"simplified_place(replace({column}, ' ', ''))"


def _parts(column: str) -> str:
    """SQL struct: province (bare), kind (what it calls itself), city, district, rest; empty where the address does not say."""
    places = reference("chinese_places")
    provinces = "|".join(places["provinces"].split())
    kinds = "|".join(places["province_kinds"])
    districts = "|".join(places["districts_with_street_words"])
    others = "|".join(places["no_districts"])
    word = f"[^省市区县旗{_STREET_WORDS}0-9]"
    # A residential quarter looks like a district: it is marked, and the mark taken away again.
    marked = f"regexp_replace({_compact(column)}, '({others})', '·\\1', 'g')"
    pattern = (
        f"^(?:中国)?(?:({provinces})({kinds})?)?({word}{{2,8}}?(?:市|自治州|地区|盟))?"
        f"({districts}|{word}{{1,8}}?(?:区|县|旗|市))?(.*)$"
    )
    found = f"regexp_extract({marked}, '{pattern}', ['province', 'kind', 'city', 'district', 'rest'])"
    return _once(
        found,
        "found",
        "struct_pack(province := found.province, kind := found.kind, city := replace(found.city, '·', ''), "
        "district := case when contains(found.district, '·') then '' else found.district end, "
        "rest := replace(case when contains(found.district, '·') then found.district else '' end || found.rest, '·', ''))",
    )
