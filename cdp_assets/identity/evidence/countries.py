"""Countries as channels write them: names and codes of three letters, and the ISO 3166 code of two that they mean."""

from __future__ import annotations

from cdp_assets.sql_text import literal, literals

COUNTRIES = {
    "CN": ("CHN", "CHINA", "中国", "PRC"),
    "US": ("USA", "UNITED STATES", "UNITED STATES OF AMERICA", "AMERICA"),
    "GB": ("GBR", "UK", "UNITED KINGDOM", "GREAT BRITAIN", "ENGLAND", "SCOTLAND", "WALES"),
    "DE": ("DEU", "GERMANY", "DEUTSCHLAND"),
    "FR": ("FRA", "FRANCE"),
    "CA": ("CAN", "CANADA"),
    "AU": ("AUS", "AUSTRALIA"),
    "JP": ("JPN", "JAPAN", "日本"),
    "AT": ("AUT", "AUSTRIA"),
    "BE": ("BEL", "BELGIUM"),
    "BR": ("BRA", "BRAZIL"),
    "CH": ("CHE", "SWITZERLAND"),
    "CZ": ("CZE", "CZECHIA", "CZECH REPUBLIC"),
    "DK": ("DNK", "DENMARK"),
    "ES": ("ESP", "SPAIN"),
    "FI": ("FIN", "FINLAND"),
    "GR": ("GRC", "GREECE"),
    "HK": ("HKG", "HONG KONG", "香港"),
    "ID": ("IDN", "INDONESIA"),
    "IE": ("IRL", "IRELAND"),
    "IN": ("IND", "INDIA"),
    "IT": ("ITA", "ITALY"),
    "KR": ("KOR", "SOUTH KOREA", "KOREA"),
    "MX": ("MEX", "MEXICO"),
    "MY": ("MYS", "MALAYSIA"),
    "NL": ("NLD", "NETHERLANDS", "HOLLAND"),
    "NO": ("NOR", "NORWAY"),
    "NZ": ("NZL", "NEW ZEALAND"),
    "PH": ("PHL", "PHILIPPINES"),
    "PK": ("PAK", "PAKISTAN"),
    "PL": ("POL", "POLAND"),
    "PT": ("PRT", "PORTUGAL"),
    "RU": ("RUS", "RUSSIA"),
    "SE": ("SWE", "SWEDEN"),
    "SG": ("SGP", "SINGAPORE"),
    "TH": ("THA", "THAILAND"),
    "TR": ("TUR", "TURKEY"),
    "TW": ("TWN", "TAIWAN", "台湾"),
    "UA": ("UKR", "UKRAINE"),
    "VN": ("VNM", "VIETNAM"),
    "ZA": ("ZAF", "SOUTH AFRICA"),
}


def country_sql(value: str) -> str:
    """The code that a text means, as a SQL expression; null where it names no country that is known here."""
    plain = f"upper(trim({value}))"
    named = " ".join(
        f"when {plain} in ({literals((code, *names))}) then {literal(code)}"
        for code, names in COUNTRIES.items()
    )
    return f"case {named} when regexp_full_match({plain}, '[A-Z]{{2}}') then {plain} end"
