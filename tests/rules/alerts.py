"""The alert that every test of the rules knows, and any JSON that a payload could be."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

ALERT: dict[str, Any] = {
    "alert_id": "alrt_tyrion_42",
    "account_id": "acc_casterly",
    "severity": "high",
    "resource": "api_latency_p95",
    "value": 1840,
    "threshold": 1000,
    "triggered_at": "2026-04-17T16:02:00Z",
}
TIMES = "\N{MULTIPLICATION SIGN}"

texts = st.text(alphabet=st.characters(codec=None), max_size=30)  # NUL and lone surrogates too
numbers = st.integers() | st.integers(10**300, 10**320) | st.floats(allow_nan=False)  # 1e400 is read as infinity
singles = st.none() | st.booleans() | numbers | texts | st.sampled_from(["2026-04-17T16:02:00Z", "2026-04-17", "5"])
values = st.recursive(
    singles, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
names = st.sampled_from(["value", "threshold", "severity", "user", "lines", "sku", "0", "a.b", "payload", "*"])
payloads = st.dictionaries(names, st.recursive(
    values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
), max_size=6)  # fmt: skip
