"""A thousand payloads as senders of the world write them: odd letters, odd numbers, odd spaces, keys in any order."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from tests.json_cases import PAYLOADS, VALID

NAUGHTY: tuple[str, ...] = (
    *("", " ", "\t", "\n", "\r\n", "  two  ", "null", "undefined", "NaN", "true", "0", "-0", "1e309", "0x10"),
    *("\\", '"', "'", "`", '\\"', "\\\\", "\\u0000", "\\ud83d", "//", "/*", "*/", "<!--", "]]>", "{{", "}}", "{% %}"),
    *(
        '"}',
        '"]}',
        '", "payload": {',
        "{}",
        "[]",
        "}{",
        ",",
        ":",
        "'; DROP TABLE events; --",
        "' OR 1=1 --",
        "%s",
        "%n",
    ),
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "&amp;",
        "&#0;",
        "%00",
        "%0a",
    ),
    *("../../etc/passwd", "C:\\new\\table", "$(id)", "`id`", "${x}", "#{x}", "=1+1", "@SUM(1)", "-2+3", "|ls", "a;b"),
    *("\u00fc", "u\u0308", "\u00df", "\u0130", "\u0131", "\ufb01", "\u1e9e", "\u01c5", "\u00bd", "\u00b2", "\u2160"),
    *("日本語", "中文字符", "한국어", "ไทย", "עברית", "مرحبا", "ру\u0301сский", "ελληνικά", "ⴰⵣⵓⵍ", "ᚠᚢᚦ", "𐍈𐌰", "𝒳𝓎"),  # noqa: RUF001  they are meant to look alike
    *("\u202eabc", "\u202dabc\u202c", "\u2066a\u2069", "\u200f", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad"),
    *("\u2028", "\u2029", "\u0085", "\u000b", "\u000c", "\u007f", "\u0001\u001f", "\u0080\u009f", "\u00a0", "\u3000"),
    *("🙂", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "1️⃣", "☃", "\u2603\ufe0f", "\U0010ffff", "\ufffe\uffff", "\ufffd"),
    *("Z\u0351\u036b\u0343a\u0300\u0301\u0302\u0303l\u0334g\u0335o", "e\u0301" * 20, "\u0644\u0644\u064e" * 10),
    *("whsec_AAAA", "v1,AAAA", "v1,", "Bearer x", "webhook-id: 1", "a\r\nX-Evil: 1", "1.2.3", ".", "..", "\x1b[31m"),
    *("9007199254740993", "1e-7", "2026-02-30", "12:60", "١٢٣", "½", "1,000", "∞", "+1", ".5", "5.", "1_000", "0b1"),
    *("x" * 300, "ü" * 300, "🙂" * 200, '"' * 200, "\\" * 200, "[" * 200, "{" * 200, "\n" * 200, "\u0000"),
)
NUMBERS: tuple[str, ...] = (
    *(
        "0",
        "-0",
        "0.0",
        "-0.0",
        "1",
        "-1",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "-9007199254740993",
    ),
    *("18446744073709551616", "1e-7", "1E-7", "1e+7", "1.0e7", "1.500", "0.1", "0.30000000000000004", "1e22", "1e23"),
    *("123456789012345678901234567890", "3.141592653589793238462643383279", "5e-324", "1.7976931348623157e308", "2.50"),
)
_SPACES = ("", " ", "  ", "\n", "\t", " \r\n ")


def odd_payloads() -> list[str]:
    """JSON objects as texts: each different, the same on every run."""
    found = [*_of_words(), *_of_numbers(), *_of_cases(), *_by_chance(500)]
    return list(dict.fromkeys(found))


def _of_words() -> Iterator[str]:
    for word in NAUGHTY:
        raw, plain = json.dumps(word, ensure_ascii=False), json.dumps(word)
        yield from (f'{{"text": {raw}}}', f'{{"text":{plain}}}', f"{{ {raw} : [ {plain} , {{ }} ] }}")


def _of_numbers() -> Iterator[str]:
    for number in NUMBERS:
        yield from (f'{{"n": {number}}}', f'{{"z":1,"n":[{number},{number}],"a":{number}}}')


def _of_cases() -> Iterator[str]:
    yield from (f'{{"case": {text.decode()}}}' for text in VALID.values())
    yield from (text.decode() for text in PAYLOADS)


def _by_chance(count: int) -> Iterator[str]:
    chance = random.Random(20261122)  # noqa: S311  for variety, not for secrets
    for number in range(count):
        yield f'{{"number": {number}, {_members(chance, depth=3)}}}'


def _members(chance: random.Random, *, depth: int) -> str:
    return ",".join(
        f"{_word(chance)}{_space(chance)}:{_value(chance, depth=depth)}" for _ in range(chance.randint(1, 4))
    )


def _value(chance: random.Random, *, depth: int) -> str:
    kinds = ("word", "number", "constant", *(("object", "list") if depth else ()))
    match chance.choice(kinds):
        case "word":
            return _word(chance)
        case "number":
            return chance.choice(NUMBERS)
        case "object":
            return f"{{{_space(chance)}{_members(chance, depth=depth - 1)}}}"
        case "list":
            return f"[{','.join(_value(chance, depth=depth - 1) for _ in range(chance.randint(0, 4)))}]"
    return chance.choice(("true", "false", "null"))


def _word(chance: random.Random) -> str:
    return json.dumps(chance.choice(NAUGHTY), ensure_ascii=chance.random() < 0.5)


def _space(chance: random.Random) -> str:
    return chance.choice(_SPACES)
