"""Conditions that pass the check, of every shape."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

words = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
some = words.filter(bool)
finite = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
singles = st.none() | st.booleans() | finite | words
dates = st.sampled_from(["2026-01-01", "2026-04-17T16:02:00Z", "2026-04-17T16:02:00+14:00", "0001-01-01", "9999-12-31"])
fields = st.sampled_from(
    ["value", "threshold", "user.plan", "lines.*.sku", "lines.0", "payload.value", "*.*", ["a.b"], ["user", "plan"]]
)
single_fields = st.sampled_from(["threshold", "value", "user", "lines.0.sku", ["a.b"]])


def _clause(op: st.SearchStrategy[str], **keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"field": fields, "op": op, **keys})


equal = st.sampled_from(["eq", "neq"])
order = st.sampled_from(["gt", "gte", "lt", "lte"])
factors = st.integers(1, 1000) | st.floats(0.001, 1000)
clauses = st.one_of(
    _clause(equal, value=singles, ignore_case=st.booleans()),
    _clause(equal, other=st.fixed_dictionaries({"field": single_fields}), ignore_case=st.booleans()),
    _clause(order, value=finite | dates),
    _clause(order, other=st.fixed_dictionaries({"field": single_fields}, optional={"factor": factors})),
    _clause(st.just("between"), value=st.lists(finite, min_size=2, max_size=2).map(sorted)),
    _clause(st.just("in"), value=st.lists(singles, min_size=1, max_size=4), ignore_case=st.booleans()),
    _clause(st.just("contains"), value=some | finite | st.booleans(), ignore_case=st.booleans()),
    _clause(st.sampled_from(["starts_with", "ends_with"]), value=some, ignore_case=st.booleans()),
    _clause(st.sampled_from(["exists", "is_empty"])),
    _clause(st.sampled_from(["exists", "is_empty"]), value=st.booleans()),
)
conditions = st.recursive(
    clauses,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=5,
)
