"""A Chinese address is its district, road and number, however much stands before them."""

from __future__ import annotations

import duckdb
import pytest

from cdp_assets.identity.evidence import chinese_places


def value(expression: str, written: str) -> object:
    with duckdb.connect() as con:
        con.execute("create table addresses as select $written as written", {"written": written})
        chinese_places.register_characters(con, "addresses", ["written"])
        return con.execute(f"select {expression} from addresses").fetchall()[0][0]


@pytest.mark.parametrize(
    ("written", "street", "city"),
    [
        ("北京 北京市 海淀区 胜利路235号25幢1888室", "海淀区胜利路235号25幢1888", "北京"),
        ("北京北京市海淀区胜利路235号25栋1888室", "海淀区胜利路235号25幢1888", "北京"),
        ("海淀区胜利路235号25号楼1888", "海淀区胜利路235号25幢1888", None),
        ("四川成都市锦江区淮海路874号", "锦江区淮海路874号", "成都"),
        ("中国江苏省昆山市人民路5号", "人民路5号", "昆山"),
        ("內蒙古自治區呼和浩特市新城區中山路1号", "新城区中山路1号", "呼和浩特"),
        ("臺北市中正區重慶南路一段122號", "中正区重庆南路一段122号", "台北"),
        ("哈尔滨市道里区中央大街1号", "道里区中央大街1号", "哈尔滨"),
        ("北京市长安街1号", "长安街1号", "北京"),
        ("广州市越秀区北京路12号", "越秀区北京路12号", "广州"),
        ("北京路12号", "北京路12号", None), ("重庆南路122号", "重庆南路122号", None),
        ("幸福小区3号楼2单元", "幸福小区3幢2单元", None), ("海淀区幸福小区3号楼", "海淀区幸福小区3幢", None),
        ("12 main st", "12 main st", None),
    ],
)  # fmt: skip
def test_province_and_city_leave_the_street_and_the_district_stays(
    written: str, street: str, city: str | None
) -> None:
    assert value(chinese_places.street_words("written"), written) == street
    assert value(chinese_places.city_of_street("written"), written) == city


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("成都市", "成都"),
        ("成都", "成都"),
        ("內蒙古自治區", "内蒙古"),
        ("香港特别行政区", "香港"),
        ("austin", "austin"),
    ],
)
def test_a_place_is_named_without_what_it_is(written: str, bare: str) -> None:
    assert value(chinese_places.bare_place("written"), written) == bare
