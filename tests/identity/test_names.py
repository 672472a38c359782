"""Names of one person become comparable, whatever script and order they are written in."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity.evidence.names import build_name_forms, fold_name, surname_reading

Parts = tuple[str | None, str | None, str | None]


def forms(*names: Parts) -> list[dict[str, object]]:
    con = duckdb.connect()
    con.execute(
        "create temp table name_parts (name_raw varchar, full_name varchar, given_name varchar, family_name varchar)"
    )
    con.executemany(
        "insert into name_parts values (?, ?, ?, ?)", [[str(i), *name] for i, name in enumerate(names)]
    )
    build_name_forms(con)
    rows = con.execute("select * from name_forms order by name_raw::int").fetchall()
    columns = [column[0] for column in con.description]
    return [dict(zip(columns, row, strict=True)) for row in rows]


def full(*names: str) -> list[dict[str, object]]:
    return forms(*((name, None, None) for name in names))


def test_chinese_and_pinyin_in_either_order_sound_the_same() -> None:
    sounds = {
        row["name_sound"]
        for row in full("张伟", "張偉", "Zhang Wei", "Wei Zhang", "ＺＨＡＮＧ　ＷＥＩ", "Wei ZHANG")
    }
    assert sounds == {"wei zhang"}


def test_simplified_and_traditional_spell_the_same_name() -> None:
    simplified, traditional = full("张伟国", "張偉國")
    assert simplified["name_exact"] == traditional["name_exact"] == "张伟国"


@pytest.mark.parametrize(
    ("character", "reading"),
    [
        ("单", "shan"),
        ("曾", "zeng"),
        ("仇", "qiu"),
        ("翟", "zhai"),
        ("解", "xie"),
        ("查", "zha"),
        ("朴", "piao"),
        ("区", "ou"),
    ],
)
def test_surnames_are_read_as_surnames(character: str, reading: str) -> None:
    assert surname_reading(character) == reading
    assert full(f"{character}小明")[0]["family_key"] == reading


def test_a_compound_surname_is_one_surname() -> None:
    assert full("欧阳娜娜")[0]["family_key"] == "ouyang"
    assert full("尉迟恭")[0]["family_key"] == "yuchi"


def test_three_part_pinyin_has_its_surname_first_or_last() -> None:
    assert {
        (row["given_key"], row["family_key"]) for row in full("Li Xiao Ming", "Xiao Ming Li", "Li Xiaoming")
    } == {("xiaoming", "li")}


def test_parts_in_the_wrong_columns_are_put_right() -> None:
    rows = forms((None, "张", "伟明"), (None, "张伟明", "张"), (None, "伟明", "张"), ("张伟明", None, None))
    assert {(row["given_han"], row["family_han"]) for row in rows} == {("伟明", "张")}
    assert forms((None, "Zhang", "Xiaowei"))[0]["family_key"] == "zhang"


def test_titles_commas_particles_and_apostrophes() -> None:
    titled, comma, particle = full("Mr. Robert O'Neil Jr.", "O'Neil, Robert", "Ludwig van der Rohe")
    assert titled["name_exact"] == comma["name_exact"] == "oneil robert"
    assert particle["family_key"] == "vanderrohe"


def test_a_nickname_stands_for_the_name() -> None:
    assert {row["given_canon"] for row in full("Bob Smith", "Rob Smith", "Robert Smith")} == {"robert"}
    assert len({row["given_canon"] for row in full("Mhd Antoun", "Muhammed Antoun", "Mohamed Antoun")}) == 1


def test_a_surname_with_a_title_is_a_surname_only() -> None:
    row = full("王先生")[0]
    assert (row["given_key"], row["family_key"]) == (None, "wang")


def test_accents_and_other_scripts_become_ascii() -> None:
    assert full("José García")[0]["name_exact"] == "garcia jose"
    assert full("Иван Петров")[0]["name_sound"] == "ivan petrov"


@given(st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold_name(fold_name(text)) == fold_name(text)


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=6))
@settings(max_examples=5, deadline=None)
def test_no_text_breaks_the_forms_and_case_never_matters(names: list[str]) -> None:
    wanted = [name for name in names if name.strip() and name.isascii()]
    if wanted:
        lower = {row["name_exact"] for row in full(*(name.lower() for name in wanted))}
        upper = {row["name_exact"] for row in full(*(name.upper() for name in wanted))}
        assert lower == upper
    full(*names)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("王小明（小明）", "王小明"), ("王小明(收)", "王小明"), ("王小明【备用】", "王小明"),
        ("Anna (Annie) Smith", "Anna Smith"), ("José [work] Díaz", "José Díaz"),
    ],
)  # fmt: skip
def test_an_alias_in_brackets_is_no_part_of_a_name(written: str, plain: str) -> None:
    one, other = full(written, plain)
    assert {**one, "name_raw": None} == {**other, "name_raw": None}


def test_a_name_that_is_all_in_brackets_stays() -> None:
    assert fold_name("(Ann)") == "ann"


@pytest.mark.parametrize(
    "written", ["王小明*", "王小明1", "A王小明", "王 小 明", "王·小明", "小明 王", "王小明(转)", "（王小明"]
)
def test_a_stray_character_or_the_order_of_the_west_breaks_no_chinese_name(written: str) -> None:
    one, other = full(written, "王小明")
    assert {**one, "name_raw": None} == {**other, "name_raw": None}


def test_a_western_given_name_beside_a_chinese_family_name_is_a_name() -> None:
    (mixed,) = forms((None, "Tom (小明)", "王"))
    assert (mixed["given_key"], mixed["family_key"], mixed["given_han"], mixed["family_han"]) == (
        "tom",
        "wang",
        None,
        "王",
    )
    assert mixed["name_exact"] == mixed["name_sound"] == "tom wang"


@pytest.mark.parametrize(
    ("name", "generation"),
    [
        (("John Smith Jr.", None, None), "2"),
        (("John Smith, Jr.", None, None), "2"),
        (("Smith, John SR", None, None), "1"),
        ((None, "John", "Smith III"), "3"),
        ((None, "John II", "Smith"), "2"),
        (("John Smith Jr.", "John", "Smith Jr."), "2"),
        ((None, "John", "Smith"), None),
        (("Sr. Juan García", None, None), None),  # Señor
        (("Ivo Ivic", None, None), None),
        (("Jr", None, None), None),
    ],
)
def test_a_name_says_which_generation_it_is_of(name: Parts, generation: str | None) -> None:
    (row,) = forms(name) or [{"name_generation": None}]
    assert row["name_generation"] == generation


def test_the_generation_is_no_part_of_the_name() -> None:
    with_it, without = full("John Smith Jr.", "John Smith")
    assert with_it["name_exact"] == without["name_exact"] == "john smith"


def test_the_words_of_a_name_are_kept_in_order_without_initials_titles_and_chinese_characters() -> None:
    whole, parts, lone, chinese = forms(
        ("Dr. Ana M. López-Garcia", None, None), (None, "Ana", "Lopez Garcia"), ("Garcia", None, None), ("王小明", None, None)
    )  # fmt: skip
    assert whole["name_words"] == parts["name_words"] == "ana garcia lopez"
    assert (lone["name_words"], chinese["name_words"]) == ("garcia", None)
