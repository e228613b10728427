"""The names of countries, languages, currencies and months as people in different countries write them."""

from collections.abc import Mapping
from functools import cache

from babel import Locale

_LOCALES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "ja", "zh")

_MORE_COUNTRIES = {
    "uk": "GB",
    "u.k.": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "usa": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "united states of america": "US",
    "holland": "NL",
    "the netherlands": "NL",
    "korea": "KR",
    "republic of korea": "KR",
    "czech republic": "CZ",
    "russian federation": "RU",
    "uae": "AE",
    "viet nam": "VN",
}
_SIGNS = {
    "€": "EUR",
    "$": "USD",
    "us$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "zł": "PLN",
    "₺": "TRY",
    "c$": "CAD",
    "a$": "AUD",
    "r$": "BRL",
    "fr.": "CHF",
    "₩": "KRW",
    "₪": "ILS",
    "₽": "RUB",
}


@cache
def countries() -> Mapping[str, str]:
    """Return names and codes, lower-cased, to two-letter country codes."""
    words = dict(_MORE_COUNTRIES)
    for locale in _LOCALES:
        for code, name in Locale.parse(locale).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"):
                words.setdefault(str(name).casefold(), code)
                words[code.casefold()] = code
    words["uk"] = "GB"
    return words


@cache
def languages() -> Mapping[str, str]:
    """Return names and codes, lower-cased, to two-letter language codes."""
    words: dict[str, str] = {}
    for locale in _LOCALES:
        for code, name in Locale.parse(locale).languages.items():
            if len(code) == 2:
                words.setdefault(str(name).casefold(), code)
                words[code] = code
    return words


@cache
def currencies() -> Mapping[str, str]:
    """Return currency codes and names, lower-cased, to currency codes."""
    words: dict[str, str] = {}
    for locale in ("en", "de", "fr", "es"):
        for code, name in Locale.parse(locale).currencies.items():
            words.setdefault(str(name).casefold(), code)
            words[code.casefold()] = code
    return words | _SIGNS


@cache
def currency_signs() -> Mapping[str, str]:
    """Return currency codes and signs, lower-cased, to currency codes."""
    return {word: code for word, code in currencies().items() if len(word) <= 4}


@cache
def months() -> Mapping[str, int]:
    """Return month names, full and short, lower-cased, to 1-12."""
    words: dict[str, int] = {"sept": 9}
    for locale in _LOCALES:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, name in Locale.parse(locale).months[context][width].items():
                    words.setdefault(str(name).casefold().rstrip("."), month)
    return words
