from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.templates import FILTERS, Problem, check, render
from rules.templates.filters import MEMBERS_MOST
from rules.templates.values import TEXT_LONGEST, Refused, as_json
from tests.rules.alerts import values

SCOPE = {
    "name": "ops Team",
    "value": 1840,
    "share": 0.256,
    "at": "2026-04-17T18:02:00+02:00",
    "tags": ["b", "a", "b", None],
    "lines": [{"sku": "B", "n": 2, "on": True}, {"sku": "A", "n": 1.5}, {"sku": "C"}],
    "html": '<a href="x">&',
    "nothing": None,
    "no": False,
    "hollow": "",
    "mixed": [1, "a"],
    "huge": 10**30,
    "long": "x" * TEXT_LONGEST,
    "page": "y" * 5_000,
    "many": list(range(MEMBERS_MOST + 1)),
}


def filled(expression: str) -> str:
    rendered = render("{{ " + expression + " }}", SCOPE)
    assert rendered.problem == ""
    return rendered.text


def problem(expression: str) -> str:
    rendered = render("{{ " + expression + " }}", SCOPE)
    assert rendered.text == ""
    return rendered.problem


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("name | upcase", "OPS TEAM"),
        ("name | downcase", "ops team"),
        ("name | capitalize", "Ops team"),
        ("'  a ' | strip", "a"),
        ("name | append: '!' | prepend: value", "1840ops Team!"),
        ("name | replace: 'ops', 'dev'", "dev Team"),
        ("name | remove: ' Team'", "ops"),
        ("name | truncate: 6", "ops..."),
        ("name | truncate: 4, ''", "ops "),
        ("name | truncatewords: 1", "ops..."),
        ("name | split: ' ' | last", "Team"),
        ("'a  b' | split: ' ' | size", "2"),
        ("'ab' | split: '' | join: '-'", "a-b"),
        ("html | escape", "&lt;a href=&quot;x&quot;&gt;&amp;"),
        ("name | url_encode", "ops+Team"),
        ("value | upcase", "1840"),
        ("value | plus: 1", "1841"),
        ("value | minus: 840", "1000"),
        ("1.1 | times: 3", "3.3"),
        ("share | times: 100 | round: 1", "25.6"),
        ("value | divided_by: 3", "613"),
        ("value | divided_by: 3.0 | round: 2", "613.33"),
        ("value | modulo: 100", "40"),
        ("1.2 | ceil", "2"),
        ("1.8 | floor", "1"),
        ("-5 | abs", "5"),
        ("value | at_least: 2000", "2000"),
        ("value | at_most: 1000", "1000"),
        ("'12' | plus: '3'", "15"),
        ("tags | join", "b, a, b, "),
        ("tags | compact | sort | uniq | join: '/'", "a/b"),
        ("tags | sort | first", "a"),
        ("tags | size", "4"),
        ("name | size", "8"),
        ("tags | reverse | last", "b"),
        ("lines | map: 'sku' | join", "B, A, C"),
        ("lines | sort: 'n' | map: 'sku' | join", "A, B, C"),
        ("lines | where: 'on' | map: 'sku' | join", "B"),
        ("lines | where: 'sku', 'A' | size", "1"),
        ("lines | sum: 'n'", "3.5"),
        ("nothing | join", ""),
        ("value | join", "1840"),
        ("name | slice: 0, 3", "ops"),
        ("name | first", "o"),
        ("value | first", ""),
        ("nothing | default: 'x'", "x"),
        ("no | default: 'x'", "x"),
        ("no | default: 'x', allow_false: true", "false"),
        ("hollow | default: 'x'", "x"),
        ("value | default: 'x'", "1840"),
        ("absent | default: name", "ops Team"),
        ("at | date", "2026-04-17 16:02 UTC"),
        ("at | date: '%d.%m.%Y'", "17.04.2026"),
        ("0 | date: '%Y'", "1970"),
        ("name | date: '%Y'", "ops Team"),
        ("'now' | date: '%Y'", "now"),
        ("huge | date: '%Y'", str(10**30)),
        ("no | date: '%Y'", "false"),
        ("lines.0 | json", '{"sku": "B", "n": 2, "on": true}'),
        ("html | json", '"<a href=\\"x\\">&"'),
        ("absent | json", "null"),
    ],
)
def test_a_filter_does_what_its_name_says(expression: str, text: str) -> None:
    assert filled(expression) == text


def test_line_breaks_become_html() -> None:
    assert render("{{ text | newline_to_br }}", {"text": "a\r\nb\nc"}).text == "a<br>\nb<br>\nc"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("long | append: 'x'", "a text grows too long"),
        ("long | replace: 'x', 'yy'", "a text grows too long"),
        ("long | split: '' | size", None),
        ("long | url_encode | append: long", "a text grows too long"),
        ("many | join", "a list has more than 1000 members"),
        ("many | uniq", "a list has more than 1000 members"),
        ("mixed | sort", "a list whose members are of different kinds has no order"),
        ("'1e400' | plus: 1", "the result is not a number"),
        ("at | date: long", "a date format has more than 100 characters"),
        ("value | divided_by: 0", "divided_by: can't divide by 0"),
    ],
)
def test_a_filter_that_cannot_do_it_says_so(expression: str, said: str | None) -> None:
    if said is None:
        assert filled(expression) == str(TEXT_LONGEST)
    else:
        assert said in problem(expression)


@pytest.mark.parametrize("expression", ["long | replace: 'x', page", "many | slice: 0, 1000 | join: page"])
def test_a_text_that_would_grow_too_long_is_refused_before_the_memory_is_taken(expression: str) -> None:
    problem(expression)  # compiles it
    tracemalloc.start()
    try:
        assert "a text grows too long" in problem(expression)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_numbers_cannot_grow_without_end() -> None:
    square = "{% assign n = n | times: n %}"
    assert "a number grows too large" in render("{% assign n = 9 %}" + square * 20, {}).problem


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_too_many_arguments_are_seen_when_the_template_is_checked(name: str) -> None:
    found = check(f"\n{{{{ a | {name}: 1, 2, 3, 4, 5 }}}}")
    assert found == Problem(f"the filter {name} has too many or too few arguments.", line=2)


@pytest.mark.parametrize("name", ["append", "replace", "plus", "map", "slice"])
def test_too_few_arguments_are_seen_when_the_template_is_checked(name: str) -> None:
    assert check(f"{{{{ a | {name} }}}}") is not None


def test_an_argument_with_a_name_that_does_not_exist_is_seen_when_the_template_is_checked() -> None:
    assert check("{{ a | truncate: num: 5 }}") is not None


@given(name=st.sampled_from(sorted(FILTERS)), value=values, arguments=st.lists(values, max_size=2))
def test_a_filter_fails_only_with_words_for_the_author(name: str, value: Any, arguments: list[Any]) -> None:
    source = "{{ v | " + name + (": " + ", ".join(f"a{n}" for n in range(len(arguments))) if arguments else "") + " }}"
    rendered = render(source, {"v": value} | {f"a{n}": argument for n, argument in enumerate(arguments)})
    assert rendered.text == "" or rendered.problem == ""
    assert "object at 0x" not in rendered.problem


@pytest.mark.parametrize("value", [float("inf"), [object()]], ids=["infinity", "object"])
def test_a_value_that_json_does_not_know_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match="a value cannot be written down"):
        as_json(value)
