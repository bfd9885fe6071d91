from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.templates import FILTERS, TAG_NAMES, Problem, Rendered, check, render, rendering, scope
from rules.templates.language import OUTPUT_MOST
from rules.templates.rendering import BLOCK_LONGEST, SOURCE_LONGEST
from tests.rules.alerts import ALERT, payloads, values

EVENT = {"id": "0197-e", "type": "alert.triggered", "resource": "alert", "resource_id": "alrt_tyrion_42",
    "created_at": "2026-04-17T16:02:01.000+00:00"}  # fmt: skip
WORKSPACE = {"name": "Casterly Rock", "tenant": "acc_casterly", "environment": "production"}
SCOPE = scope(payload=ALERT, event=EVENT, workspace=WORKSPACE, severity="high")


# --------------------------------------------------------------------------- what it can name


def test_the_alert_of_the_seed_is_filled_in() -> None:
    source = (
        "*{{ severity | upcase }}* {{ resource }} is {{ value }} ms{% if value > threshold %}, "
        "above {{ threshold }}{% endif %} ({{ event.type }}, {{ workspace.environment }})"
    )
    assert render(source, SCOPE) == Rendered(
        text="*HIGH* api_latency_p95 is 1840 ms, above 1000 (alert.triggered, production)"
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ resource }}", "api_latency_p95"),
        ("{{ event.resource }}", "alert"),
        ("{{ event.resource_id }}", "alrt_tyrion_42"),
        ("{{ event.id }}", "0197-e"),
        ("{{ event.severity }}", "high"),
        ("{{ event.created_at }}", "2026-04-17T16:02:01.000+00:00"),
        ("{{ payload.value }}", "1840"),
        ("{{ workspace.name }}/{{ workspace.tenant }}", "Casterly Rock/acc_casterly"),
    ],
)
def test_the_payload_is_at_the_root_and_the_rest_beside_it(source: str, text: str) -> None:
    assert render(source, SCOPE).text == text


def test_event_workspace_and_payload_are_ours_whatever_the_payload_holds() -> None:
    payload = {"event": "theirs", "workspace": "theirs", "payload": "theirs"}
    names = scope(payload=payload, event=EVENT, workspace=WORKSPACE, severity="")
    assert render("{{ event.type }} {{ workspace.name }} {{ payload.payload }}", names).text == (
        "alert.triggered Casterly Rock theirs"
    )


@pytest.mark.parametrize(("payload", "text"), [({"severity": "SEV2"}, "SEV2 high"), ({}, "high high")])
def test_severity_is_the_payloads_own_word_and_else_the_events(payload: dict[str, Any], text: str) -> None:
    names = scope(payload=payload, event=EVENT, workspace=WORKSPACE, severity="high")
    assert render("{{ severity }} {{ event.severity }}", names).text == text


# --------------------------------------------------------------------------- how values look


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1840, "1840"),
        (-1, "-1"),
        (1840.0, "1840.0"),
        (0.1, "0.1"),
        (1e-7, "1e-07"),
        (2**70, "1180591620717411303424"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        ("a <b> & {{ c }}", "a <b> & {{ c }}"),
        ([1, "a", None], '[1, "a", null]'),
        ({"ü": {"b": True}}, '{"ü": {"b": true}}'),
        ([], "[]"),
    ],
    ids=str,
)
def test_a_value_looks_as_a_person_expects(value: Any, text: str) -> None:
    assert render("{{ v }}", {"v": value}) == Rendered(text=text)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ a.0.b }}", "first"),
        ("{{ a[0].b }}", "first"),
        ("{{ a.0['c d'] }}", "spaced"),
        ("{{ o.0 }}{{ o['1'] }}", "zeroone"),
        ("{{ x-y }}", "hyphen"),
        ("{% for item in a %}{{ forloop.index }}{{ item.b }}{% endfor %}", "1first"),
        ("{% for pair in o %}{{ pair[0] }}={{ pair[1] }} {% endfor %}", "0=zero 1=one "),
        ("{% for pair in o %}{{ pair }}{% break %}{% endfor %}", '["0", "zero"]'),
        ("{{ a.size }}{{ a.first.b }}{{ a.last.b }}", "1firstfirst"),
        ("{{ forloop }}{{ empty }}{{ nil }}", ""),
        ("{% case o.0 %}{% when 'zero' %}yes{% else %}no{% endcase %}", "yes"),
        ("{% unless absent %}none{% endunless %}", "none"),
        ("{% capture c %}{{ o.0 }}{% endcapture %}{{ c }}", "zero"),
        ("a{% comment %}{{ nothing }}{% endcomment %}b{% # a note %}c", "abc"),
        ("{% raw %}{{ a }}{% endraw %}", "{{ a }}"),
        ("  {%- if a -%}  x  {%- endif -%}  ", "x"),
    ],
)
def test_the_language_reads_paths_and_runs_blocks(source: str, text: str) -> None:
    values = {"a": [{"b": "first", "c d": "spaced"}], "o": {"0": "zero", "1": "one"}, "x-y": "hyphen"}
    assert render(source, values).text == text


@pytest.mark.parametrize("source", ["", "plain text", "a } b % c", "{ not } a {template}", "größe\n"])
def test_a_text_without_braces_stays_as_it_is(source: str) -> None:
    assert render(source, {}) == Rendered(text=source)


# --------------------------------------------------------------------------- what is not there


@pytest.mark.parametrize(
    ("source", "text", "missing"),
    [
        ("[{{ user.name }}]", "[]", ("user.name",)),
        ("{{ b }}{{ a }}{{ b }}", "", ("b", "a")),
        ("{{ value.inside }}", "", ("value.inside",)),
        ("{{ lines.3.sku }}", "", ("lines.3.sku",)),
        ("{{ absent | upcase }}{{ 'x' | append: gone }}", "x", ("absent", "gone")),
        ("{{ absent | default: 'x' }}{% if gone %}{% endif %}", "x", ()),
        ("{% assign copy = user.name %}{{ copy }}", "", ("user.name",)),
        ("{{ nothing }}", "", ()),
        ("{{ now }}{{ today }}", "", ("now", "today")),
    ],
)
def test_a_missing_field_is_empty_and_named(source: str, text: str, missing: tuple[str, ...]) -> None:
    assert render(source, {"value": 1, "nothing": None}) == Rendered(text=text, missing=missing)


# --------------------------------------------------------------------------- what is wrong with a template


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("a\n{{ b", Problem("{{ is not closed with }}.", 2)),
        ("{% if a", Problem("{% is not closed with %}.")),
        ("{% if a %}b", Problem("{% if %} is never closed: write {% endif %} where it ends.")),
        ("\n{% for a in b %}\n", Problem("{% for %} is never closed: write {% endfor %} where it ends.", 3)),
        ("{% case a %}{% when 1 %}", Problem("{% case %} is never closed: write {% endcase %} where it ends.")),
        ("{% comment %}", Problem("{% comment %} is never closed: write {% endcomment %} where it ends.")),
        ("a{% endif %}", Problem("{% endif %} closes or divides nothing here: remove it.")),
        ("{% else %}", Problem("{% else %} closes or divides nothing here: remove it.")),
        ("{{ a b }}", Problem("two names stand side by side: a dot or a | is missing.")),
        ("\n\n{{ }}", Problem("something is missing before the end of the braces.", 3)),
        ("{{ }}\n\n", Problem("something is missing before the end of the braces.")),
        ("\n{{ a | }}", Problem("something is missing before the end of the braces.", 2)),
        ("{% if %}{% endif %}", Problem("something is missing before the end of the braces.")),
        ("{% if a = b %}{% endif %}", Problem("write == to compare.")),
        ("{% for a of b %}{% endfor %}",
            Problem("a loop needs the word in, as in {% for line in lines %}.")),
        ("{% if a and (b) %}{% endif %}", Problem("parentheses are not possible: write two blocks.")),
        ("{{ 'a }}", Problem("a quotation mark is not closed.")),
        ("{{ a ? b }}", Problem("? cannot stand here.")),
        ("{{ a | upcas }}", Problem("there is no filter called upcas: perhaps upcase was meant.")),
        ("{% if (1..5) contains a %}{% endif %}",
            Problem("ranges such as (1..5) are not possible: loop over a list.")),
        ("{% if a %}{% for b in (1..9) %}{% endfor %}{% endif %}",
            Problem("ranges such as (1..5) are not possible: loop over a list.")),
        ("{{ a | join: (1..5) }}", Problem("ranges such as (1..5) are not possible: loop over a list.")),
        ("{{ a[(1..5)] }}", Problem("a name is missing after a dot or between brackets.")),
        ("{% if a %}" * 40 + "{% endif %}" * 40, Problem("its blocks are nested too deeply.")),
        ("{{ " + "a" * BLOCK_LONGEST + " }}",
            Problem("shorten what stands between the braces to 1000 characters.")),
        ("{{ a }}" + "x" * SOURCE_LONGEST, Problem("The template has 20007 characters: shorten it to 20000.")),
        ("x" * (SOURCE_LONGEST + 1), Problem("The template has 20001 characters: shorten it to 20000.")),
    ],
    ids=lambda part: part[:30] if isinstance(part, str) else "",
)  # fmt: skip
def test_it_says_what_is_wrong_and_in_which_line(source: str, problem: Problem) -> None:
    assert check(source) == problem
    assert render(source, {}) == Rendered(text="", problem=str(problem))


def test_a_problem_is_told_with_its_line() -> None:
    assert render("\n{{ a", {}).problem == "Line 2: {{ is not closed with }}."


def test_an_unknown_filter_far_from_all_others_is_answered_with_the_list() -> None:
    found = check("{{ a | zzz }}")
    assert found is not None
    assert found.message.startswith("there is no filter called zzz: possible are abs, append, ")


@pytest.mark.parametrize("tag", ["include 'x'", "render 'x'", "extends 'x'", "tablerow a in b", "cycle 1, 2", "layout"])
def test_tags_outside_of_the_closed_list_do_not_exist(tag: str) -> None:
    found = check("{% " + tag + " %}")
    assert found is not None
    assert found.message == f"there is no tag called {tag.split(maxsplit=1)[0]}: possible are {', '.join(TAG_NAMES)}."


@pytest.mark.parametrize("source", ["", "text", "{{ a }}", "{{ a | default: 'b' | upcase }}", "{% if a %}{% endif %}"])
def test_nothing_is_wrong_with_a_good_template(source: str) -> None:
    assert check(source) is None


# --------------------------------------------------------------------------- what it must never do


@pytest.mark.parametrize(
    "path", ["__class__", "v.__class__", "v.real", "v.bit_length", "d.keys", "d.__init__.__globals__", "l.append",
             "s.format", "s.upper", "payload.__dict__", "event.__class__.__mro__"],
)  # fmt: skip
def test_no_attribute_of_python_can_be_reached(path: str) -> None:
    values = {"v": 1, "d": {}, "l": [], "s": "text", "payload": {}, "event": {}}
    assert render("{{ " + path + " }}", values) == Rendered(text="", missing=(path,))


@pytest.mark.parametrize("name", ["map", "where", "sort", "sum", "first", "last", "size"])
def test_no_attribute_of_python_can_be_reached_through_a_filter(name: str) -> None:
    argument = ": '__class__'" if name in ("map", "where", "sort", "sum") else ""
    assert "class" not in render("{{ v | " + name + argument + " | json }}", {"v": [{"a": 1}]}).text


LOOP = "{% for a in many %}"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{{ long }}{{ long }}", "the text is longer than 64 KiB."),
        ("{% capture c %}{{ long }}{{ long }}{% endcapture %}", "the text is longer than 64 KiB."),
        (LOOP + LOOP + LOOP + "{% endfor %}" * 3, "it takes too many steps: make its loops shorter."),
        (LOOP + LOOP + "{% if 1 == 2 %}{% endif %}" + "{% endfor %}" * 2, "it takes too many steps"),
        (LOOP + LOOP + "  " + "{% endfor %}" * 2 + LOOP + LOOP + "{% endfor %}" * 2, "it takes too many steps"),
        (LOOP + "{{ 1 | plus: 1 }}" * 13 + "{% endfor %}", "it takes too many steps"),
        ("{% assign x = long | split: '' %}{% for a in x %}{% endfor %}", "it takes too many steps"),
        ("".join(f"{{% assign v{n} = long %}}" for n in range(40)), "its variables hold too much."),
        ("{% assign x = 'abcdefgh' %}" + LOOP + "{% assign x = x | append: x %}{% endfor %}", "a text grows too long"),
        ("{{ deep }}", "a value cannot be written down"),
        ("{% if deep == deeper %}{% endif %}", "The template, or a value in it, is nested too deeply."),
        ("{% break %}", "{% break %} stands outside of a loop."),
    ],
)  # fmt: skip
def test_what_runs_away_is_stopped_and_leaves_no_text(source: str, problem: str) -> None:
    deep: Any = []
    deeper: Any = []
    for _ in range(20_000):
        deep, deeper = [deep], [deeper]
    values = {"long": "é" * (OUTPUT_MOST // 2), "many": list(range(80)), "deep": deep, "deeper": deeper}
    assert check(source) is None
    rendered = render("before " + source, values)
    assert problem in rendered.problem
    assert rendered.text == ""


def test_what_is_nested_too_deeply_for_the_parser_is_a_problem_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def overwhelmed(source: str) -> Any:
        raise RecursionError(source)

    monkeypatch.setattr(rendering, "parse", overwhelmed)
    assert check("{{ seen.for.the.first.time }}") == Problem(
        "The template, or a value in it, is nested too deeply.", line=0
    )


def test_a_fault_that_nobody_foresaw_is_a_problem_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def surprised(*_: object) -> Any:
        raise KeyError("surprise")

    monkeypatch.setattr(rendering, "fill", surprised)
    assert render("{{ a }}", {}) == Rendered(text="", problem="The template cannot be filled in with these values.")


def test_a_loop_of_bearable_length_runs_to_its_end() -> None:
    assert render("{% for a in many %}{{ a }}{% endfor %}", {"many": ["x"] * 2_000}).text == "x" * 2_000


def test_a_text_of_exactly_64_kib_is_fine() -> None:
    assert len(render("{{ long }}", {"long": "x" * OUTPUT_MOST}).text) == OUTPUT_MOST


def test_rendering_reads_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Stopped:
            raise AssertionError("the clock was read")

    monkeypatch.setattr(dt, "datetime", Stopped)
    assert render("{{ now }}{{ 'now' | date: '%Y' }}{{ today | date: '%Y' }}", {}).text == "now"


def test_rendering_changes_nothing() -> None:
    before = copy.deepcopy(SCOPE)
    render("{% assign value = 5 %}{% assign severity = 'x' %}{{ payload | sort | uniq }}", SCOPE)
    assert before == SCOPE


names = st.sampled_from(["value", "user", "lines", "severity", "payload", "event", "0", "sku", "now", "forloop"])
expressions = st.builds(
    lambda path, filters: " | ".join([".".join(path), *filters]),
    st.lists(names, min_size=1, max_size=3),
    st.lists(
        st.sampled_from([*sorted(FILTERS), "append: value", "replace: 'a', user", "slice: 1, 2", "nope"]), max_size=3
    ),
)
pieces = st.one_of(
    st.text(max_size=5),
    expressions.map(lambda expression: "{{ " + expression + " }}"),
    st.sampled_from(
        ["{% if value %}", "{% else %}", "{% endif %}", "{% for a in lines %}", "{% endfor %}", "{{", "%}"]
    ),
)
sources = st.lists(pieces, max_size=6).map("".join)


@given(source=sources, payload=payloads)
def test_no_template_and_no_payload_make_it_raise(source: str, payload: dict[str, Any]) -> None:
    rendered = render(source, scope(payload=payload, event=EVENT, workspace=WORKSPACE, severity=""))
    problem = check(source)
    assert rendered.problem == "" or rendered.text == ""
    assert problem is None or rendered.problem == str(problem)


@given(value=values, filters=st.lists(st.sampled_from(sorted(FILTERS)), max_size=4))
def test_any_value_can_stand_in_a_template(value: Any, filters: list[str]) -> None:
    rendered = render("{{ " + " | ".join(["v", *filters]) + " }}", {"v": value})
    assert rendered.problem == "" or rendered.problem.endswith(".")


# --------------------------------------------------------------------------- a template a line


def test_a_template_a_line_stays_a_line_whatever_fills_it_in() -> None:
    """Else whoever writes a field of the payload writes lines of the rule."""
    forged = {"note": "fine\nOWNER: me\u2028OWNER: me\x85OWNER: me\rOWNER: me"}
    rendered = render("NOTE: {{ note }}\nOWNER: {{ owner }}", forged, by_line=True)
    assert rendered.text.splitlines() == ["NOTE: fine OWNER: me OWNER: me OWNER: me OWNER: me", "OWNER:"]
    assert rendered.missing == ("owner",)


def test_what_is_wrong_with_one_line_is_told_with_its_number() -> None:
    source = "A: {{ value }}\nB: {{ value | nothing }}"
    assert check(source, by_line=True) == Problem(check("B: {{ value | nothing }}").message, 2)  # type: ignore[union-attr]
    assert render(source, SCOPE, by_line=True).problem.startswith("Line 2: ")
    assert render("A: a\nB: {{ lines | size | divided_by: 0 }}", SCOPE, by_line=True).problem.startswith("Line 2: ")


def test_no_more_lines_are_filled_in_than_anybody_needs() -> None:
    enough, more = "\n".join(["A: {{ value }}"] * 100), "\n".join(["A: {{ value }}"] * 101)
    assert check(enough, by_line=True) is None
    assert check(more, by_line=True) == Problem("There are 101 lines: at most 100 are possible.", 101)
    assert render(more, SCOPE, by_line=True).text == ""
