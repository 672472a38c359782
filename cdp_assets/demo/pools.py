"""Pools that persons are drawn from: Faker's names with their frequencies, streets, cities, nicknames.

Each pool is a table with dense slots, so that one uniform number picks a row by an equality join. Drawing
itself belongs to `persons`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from faker import Faker
from faker.providers.person.en_US import Provider as EnglishNames
from faker.providers.person.zh_CN import Provider as ChineseNames
from pypinyin import lazy_pinyin

from cdp_assets.engine import given

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

SURNAME_SLOTS = 20_000
GIVEN_SLOTS = 4_096
STREET_SLOTS = 800
_TWO_CHARACTERS = 0.62  # of Chinese given names are put together from two characters of Faker's pool


def _weighted(names: Any) -> tuple[list[str], np.ndarray]:
    """Names and probabilities of a Faker pool, which is a mapping to weights or a plain sequence."""
    if isinstance(names, dict):
        weights = np.array([float(weight) for weight in names.values()])
        return [str(name) for name in names], weights / weights.sum()
    listed = [str(name) for name in names]
    return listed, np.full(len(listed), 1 / len(listed))


def _slots(names: Any, count: int, rng: np.random.Generator) -> list[str]:
    listed, weights = _weighted(names)
    return [listed[index] for index in rng.choice(len(listed), size=count, p=weights)]


def _latin(names: Iterable[str], readings: dict[str, str]) -> list[str]:
    """Pinyin without tones, first letter in capitals; `readings` corrects surnames that pypinyin reads as words."""
    listed = list(names)
    latin = {
        name: (readings.get(name) or "".join(lazy_pinyin(name))).capitalize() for name in sorted(set(listed))
    }
    return [latin[name] for name in listed]


def _chinese_given(pool: Iterable[str], count: int, rng: np.random.Generator) -> list[str]:
    names = [str(name) for name in pool]
    characters = sorted({character for name in names for character in name})
    drawn = []
    for _ in range(count):
        if rng.random() < _TWO_CHARACTERS:
            first, second = rng.choice(len(characters), size=2, replace=False)
            drawn.append(characters[first] + characters[second])
        else:
            drawn.append(names[rng.integers(len(names))])
    return drawn


def _create(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, list[Any]]) -> None:
    with given(con, "pool", pa.table(columns)):
        con.execute(f"create or replace table {name} as select * from pool")


def _name_pools(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    rng = np.random.default_rng(2017)
    readings = parameters.retailer["surname_readings"]
    english = _slots(EnglishNames.last_names, SURNAME_SLOTS, rng)
    chinese = _slots(ChineseNames.last_names, SURNAME_SLOTS, rng)
    _create(
        con,
        "surname_pool",
        {
            "lang": ["en"] * SURNAME_SLOTS + ["zh"] * SURNAME_SLOTS,
            "slot": [*range(SURNAME_SLOTS), *range(SURNAME_SLOTS)],
            "surname": english + chinese,
            "surname_latin": english + _latin(chinese, readings),
        },
    )
    nicknames = parameters.retailer["nicknames"]
    columns: dict[str, list[Any]] = {
        "lang": [],
        "gender": [],
        "slot": [],
        "given": [],
        "given_latin": [],
        "nickname": [],
    }
    for gender, en_names, zh_names in (
        ("F", EnglishNames.first_names_female, ChineseNames.first_names_female),
        ("M", EnglishNames.first_names_male, ChineseNames.first_names_male),
    ):
        drawn_en = _slots(en_names, GIVEN_SLOTS, rng)
        drawn_zh = _chinese_given(zh_names, GIVEN_SLOTS, rng)
        columns["lang"] += ["en"] * GIVEN_SLOTS + ["zh"] * GIVEN_SLOTS
        columns["gender"] += [gender] * (2 * GIVEN_SLOTS)
        columns["slot"] += [*range(GIVEN_SLOTS), *range(GIVEN_SLOTS)]
        columns["given"] += drawn_en + drawn_zh
        columns["given_latin"] += drawn_en + _latin(drawn_zh, {})
        columns["nickname"] += [nicknames.get(name) for name in drawn_en] + [None] * GIVEN_SLOTS
    _create(con, "given_pool", columns)


def _place_pools(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    retailer = parameters.retailer
    us, cn = retailer["us_cities"], retailer["cn_cities"]
    _create(
        con,
        "city_pool",
        {
            "country": ["US"] * len(us) + ["CN"] * len(cn),
            "slot": [*range(len(us)), *range(len(cn))],
            "city": [place["city"] for place in us + cn],
            "region": [place["region"] for place in us + cn],
            "region_name": [place.get("region_name", place["region"]) for place in us + cn],
            "district": [place.get("district", "") for place in us + cn],
            "zip3": [place["zip3"] for place in us + cn],
            "area": [place.get("area") for place in us + cn],
        },
    )
    faker = Faker("en_US", use_weighting=False)
    faker.seed_instance(2017)
    streets = [faker.street_name() for _ in range(STREET_SLOTS)]
    chinese = [retailer["cn_streets"][slot % len(retailer["cn_streets"])] for slot in range(STREET_SLOTS)]
    _create(
        con,
        "street_pool",
        {
            "country": ["US"] * STREET_SLOTS + ["CN"] * STREET_SLOTS,
            "slot": [*range(STREET_SLOTS), *range(STREET_SLOTS)],
            "street_name": streets + chinese,
        },
    )
    stores = retailer["stores"]
    _create(
        con,
        "stores",
        {
            "slot": list(range(len(stores))),
            "store": [store["store"] for store in stores],
            "store_phone": [store["phone"] for store in stores],
        },
    )


def create_pools(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create surname_pool, given_pool, city_pool, street_pool and stores; the same whatever the seed."""
    _name_pools(con, parameters)
    _place_pools(con, parameters)
