"""Which addresses may be spoken to."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from threading import Event, Timer
from types import SimpleNamespace

import pytest

from connections import addresses, names
from connections.addresses import Forbidden, Policy, Target, check_for_save, read_url, resolve, simulator_of
from connections.networks import is_public
from connections.provider import Failure, Trouble
from tests import hostile

STRICT = Policy()
# Every port and plain http, so that nothing but the host is in question.
WIDE = Policy(ports=frozenset({80, 443, 8777}))


def read(url: str, policy: Policy = STRICT) -> Target:
    target = read_url(url, policy)
    assert isinstance(target, Target), target
    return target


def refusal(url: str, policy: Policy = STRICT) -> str:
    forbidden = read_url(url, policy)
    assert isinstance(forbidden, Forbidden), forbidden
    return forbidden.reason


@pytest.fixture
def knows(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A resolver that knows these names; fill it."""
    known: dict[str, list[str]] = {}

    def resolver(name: str) -> list[str]:
        answer = known.get(name.rstrip("."))
        if answer is None:
            raise OSError
        return answer

    monkeypatch.setattr(names, "ask_resolver", resolver)
    monkeypatch.setattr(addresses, "policy", lambda: STRICT)
    return known


# --------------------------------------------------------------------------- addresses

SPECIAL = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
)  # fmt: skip
SPECIAL_V6 = (
    "::/128", "::1/128", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64",
    "2001::/32", "2001:2::/48", "2001:10::/28", "2001:20::/28", "2001::/23", "2001:db8::/32", "2002::/16",
    "2620:4f:8000::/48", "3ffe::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)  # fmt: skip


@pytest.mark.parametrize("network", SPECIAL)
def test_it_refuses_both_ends_and_the_middle_of_every_special_ipv4_range(network: str) -> None:
    special = IPv4Network(network)
    for address in (special[0], special[-1], special[special.num_addresses // 2]):
        assert not is_public(str(address))


@pytest.mark.parametrize("network", SPECIAL_V6)
def test_it_refuses_both_ends_and_the_middle_of_every_special_ipv6_range(network: str) -> None:
    special = IPv6Network(network)
    for address in (special[0], special[-1], special[special.num_addresses // 2]):
        assert not is_public(str(address))


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.216.34", "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.1", "168.63.129.15", "169.253.255.255", "172.15.255.255", "172.32.0.0",
        "191.255.255.255", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "2000::1", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "2a00:1450::1",
    ],
)  # fmt: skip
def test_it_permits_the_public_neighbours_of_the_special_ranges(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"]
)
def test_it_refuses_the_metadata_address_of_every_cloud(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("carried", ["127.0.0.1", "10.0.0.5", "8.8.8.8"])
def test_it_refuses_every_ipv6_form_that_carries_an_ipv4_address_even_a_public_one(carried: str) -> None:
    for address in hostile.embeddings(carried):
        assert not is_public(address), address


@pytest.mark.parametrize("address", ["", "localhost", "127.1", "2606:4700::1111%eth0", "1.1.1.1 ", "0x7f.0.0.1"])
def test_it_refuses_what_is_not_one_plain_address(address: str) -> None:
    assert not is_public(address)


# --------------------------------------------------------------------------- URLs


def test_it_reads_an_ordinary_address() -> None:
    assert read("https://hooks.example.com/a/b?c=d&e=%20f") == Target(
        host="hooks.example.com",
        authority="hooks.example.com",
        path="/a/b?c=d&e=%20f",
        secure=True,
        peer=("hooks.example.com", 443),
        trusted=False,
    )


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("HTTPS://Hooks.Example.COM", "hooks.example.com", "/"),
        ("https://example.com:443/x", "example.com", "/x"),
        ("https://example.com?x=1", "example.com", "/?x=1"),
        ("https://bücher.example.com/", "xn--bcher-kva.example.com", "/"),
        ("https://BÜCHER.example.com/", "xn--bcher-kva.example.com", "/"),
        ("https://my_bucket.s3.amazonaws.com/", "my_bucket.s3.amazonaws.com", "/"),
        ("https://example.com/käse?q=ü", "example.com", "/k%C3%A4se?q=%C3%BC"),
        ('https://example.com/{"<^`|>}', "example.com", "/%7B%22%3C%5E%60%7C%3E%7D"),
        ("https://1.1.1.1/", "1.1.1.1", "/"),
        ("https://[2606:4700:0:0::1111]/", "2606:4700::1111", "/"),
        ("https://r3---sn-4g5e.example.com/", "r3---sn-4g5e.example.com", "/"),
    ],
)
def test_it_brings_an_address_into_its_one_form(url: str, host: str, path: str) -> None:
    target = read(url)
    assert (target.host, target.path, target.peer) == (host, path, (host, 443))


def test_it_names_the_port_to_the_host_only_when_it_is_not_the_usual_one() -> None:
    policy = Policy(ports=frozenset({80, 443, 8443}))
    assert read("https://example.com:8443/", policy).authority == "example.com:8443"
    assert read("https://[2606:4700::1111]:8443/", policy).authority == "[2606:4700::1111]:8443"
    assert read("http://example.com/", policy).authority == "example.com"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "must begin with https://"),
        ("example.com/hook", "must begin with https://"),
        ("ftp://example.com/", "must begin with https://"),
        ("https:/example.com/", "must begin with https://"),
        ("http://example.com/", "anybody on the way can read"),
        ("https://example.com:8443/", "names port 8443; permitted is 443"),
        ("https://example.com:22/", "names port 22"),
        ("https://me:secret@example.com/", "user name or password"),
        ("https://example.com/a b", "a space, a backslash or an invisible character"),
        ("https://example.com/\r\nX: y", "a space, a backslash or an invisible character"),
        ("https://example.com\\@evil.example.net/", "a space, a backslash or an invisible character"),
        ("https://exam\u200bple.com/", "a space, a backslash or an invisible character"),
        ("https://example.com/#part", "from # on"),
        ("https://example.com:/", "host or the port"),
        ("https://example.com:0443/", "host or the port"),
        ("https://example.com:٤٤٣/", "host or the port"),
        ("https://[::1/", "host or the port"),
        ("https:///path", "host or the port"),
        ("https://intranet/", "not a complete public host name"),
        ("https://example.com./", "not a complete public host name"),
        ("https://a..example.com/", "not a complete public host name"),
        ("https://-a.example.com/", "not a complete public host name"),
        ("https://ex%61mple.com/", "not a complete public host name"),
        ("https://example。com/", "not a complete public host name"),
        ("https://printer.local/", "not a complete public host name"),
        ("https://2130706433/", "not a complete public host name"),
        ("https://10.0.0.5/", "not on the public internet"),
        ("https://[::1]/", "not on the public internet"),
        (f"https://{'a' * 64}.example.com/", "not a complete public host name"),
        (f"https://{'a.' * 127}com/", "not a complete public host name"),
        (f"https://example.com/{'a' * 2048}", "longer than 2048"),
    ],
)
def test_it_says_what_is_wrong_with_an_address_and_how_to_mend_it(url: str, said: str) -> None:
    assert said in refusal(url)


def test_it_refuses_every_hostile_spelling_even_when_all_ports_are_open() -> None:
    urls = list(hostile.urls(port=8777))
    permitted = [url for url in urls if not isinstance(read_url(url, WIDE), Forbidden)]
    assert len(urls) > 1_500
    assert permitted == []


def test_it_never_raises_for_any_authority() -> None:
    pieces = (
        "",
        "[",
        "]",
        ":",
        "@",
        "%",
        ".",
        "..",
        "xn--",
        "xn--a",
        "ü",
        "\u017f",
        "\u212a",
        "\ud800",
        "a" * 300,
        "[v1.x]",
        "0",
    )
    for first in pieces:
        for second in pieces:
            assert isinstance(read_url(f"https://{first}{second}/", WIDE), Target | Forbidden)


def test_it_permits_plain_http_once_the_operator_opens_port_80() -> None:
    target = read("http://example.com/x", Policy(ports=frozenset({80, 443})))
    assert (target.secure, target.peer) == (False, ("example.com", 80))


def test_it_refuses_our_own_public_name() -> None:
    assert "is our own" in refusal("https://jackfield.example.com/hook", Policy(own_host="jackfield.example.com"))


def test_a_sandbox_target_may_be_anything_but_only_that_host_and_port() -> None:
    policy = Policy(sandbox_targets=frozenset({"127.0.0.1:8002", "sandbox:8002", "[::1]:8002"}))
    assert read("http://127.0.0.1:8002/x", policy).trusted
    assert read("http://sandbox:8002/x", policy).peer == ("sandbox", 8002)
    assert read("https://[::1]:8002/x", policy).peer == ("::1", 8002)
    for other in ("http://127.0.0.1:8003/", "http://127.0.0.2:8002/", "http://sandbox/", "http://x@127.0.0.1:8002/"):
        assert isinstance(read_url(other, policy), Forbidden)


def test_a_simulated_host_is_dialled_at_its_simulator_and_keeps_its_name() -> None:
    policy = Policy(simulated_hosts={"slack.com": "127.0.0.1:8002"})
    target = read("https://slack.com/api/chat.postMessage", policy)
    assert target.peer == ("127.0.0.1", 8002)
    assert (target.authority, target.secure, target.trusted) == ("slack.com", False, True)
    assert not read("https://api.slack.com/", policy).trusted


@pytest.mark.parametrize(
    ("host", "simulator"),
    [
        ("acme.my.example.com", "127.0.0.1:8007"),
        ("acme--dev.sandbox.my.example.com", "127.0.0.1:8007"),  # at any depth
        ("own.my.example.com", "127.0.0.1:8008"),  # its own name before any end
        ("a.eu.my.example.com", "127.0.0.1:8009"),  # the longest end
        ("my.example.com", None),
        ("evilmy.example.com", None),  # an end of labels, not of letters
        ("my.example.com.evil.example", None),
        ("93.184.216.34", None),
    ],
)
def test_a_simulator_may_stand_in_for_every_host_below_a_name(host: str, simulator: str | None) -> None:
    simulated = {
        "*.my.example.com": "127.0.0.1:8007",
        "own.my.example.com": "127.0.0.1:8008",
        "*.eu.my.example.com": "127.0.0.1:8009",
    }
    assert simulator_of(host, simulated) == simulator
    target = read(f"https://{host}/services", Policy(simulated_hosts=simulated))
    assert (target.host, target.authority, target.trusted) == (host, host, simulator is not None)
    assert target.peer == (("127.0.0.1", int(simulator[-4:])) if simulator else (host, 443))


def test_the_policy_comes_from_the_settings_and_is_the_same_object_while_they_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = SimpleNamespace(
        OUTGOING_PORTS=frozenset({443, 80}),
        SIMULATED_HOSTS={"slack.com": "127.0.0.1:8002"},
        SANDBOX_TARGETS=frozenset({"127.0.0.1:8002"}),
        PUBLIC_URL="https://jackfield.example.com/",
    )
    monkeypatch.setattr(addresses, "settings", settings)
    policy = addresses.policy()
    assert policy is addresses.policy()
    assert (policy.ports, policy.own_host) == (frozenset({443, 80}), "jackfield.example.com")
    assert policy.simulated_hosts == {"slack.com": "127.0.0.1:8002"}
    assert policy.sandbox_targets == {"127.0.0.1:8002"}
    settings.OUTGOING_PORTS = frozenset({443})
    assert addresses.policy().ports == {443}


# --------------------------------------------------------------------------- what names lead to


def test_it_gives_the_first_few_addresses_of_a_name(knows: dict[str, list[str]]) -> None:
    knows["example.com"] = [f"93.184.216.{last}" for last in range(1, 8)]
    found = resolve(read("https://example.com/"), seconds=1)
    assert found == [(f"93.184.216.{last}", 443) for last in range(1, 5)]


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["93.184.216.34", "10.0.0.5"],
        ["10.0.0.5", "93.184.216.34"],
        ["2606:4700::1111", "93.184.216.34", "fd00:ec2::254"],
        [*(f"93.184.216.{last}" for last in range(1, 8)), "169.254.169.254"],
        ["fe80::1%eth0"],
    ],
)
def test_one_address_that_is_not_public_condemns_the_name(knows: dict[str, list[str]], answer: list[str]) -> None:
    knows["example.com"] = answer
    found = resolve(read("https://example.com/"), seconds=1)
    assert isinstance(found, Failure)
    assert found.trouble is Trouble.FORBIDDEN_ADDRESS
    assert answer[-1] not in found.detail  # which machine it is inside is nobody's business


def test_it_looks_a_name_up_as_complete_so_that_no_search_list_applies(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolver(name: str) -> list[str]:
        asked.append(name)
        return ["93.184.216.34"]

    monkeypatch.setattr(names, "ask_resolver", resolver)
    resolve(read("https://redis.default/"), seconds=1)
    resolve(read("http://sandbox:8002/", Policy(sandbox_targets=frozenset({"sandbox:8002"}))), seconds=1)
    assert asked == ["redis.default.", "sandbox"]


def test_a_name_without_an_address_is_not_found(knows: dict[str, list[str]]) -> None:
    knows["empty.example.com"] = []
    for url in ("https://unknown.example.com/", "https://empty.example.com/"):
        found = resolve(read(url), seconds=1)
        assert isinstance(found, Failure)
        assert found.trouble is Trouble.NAME_NOT_FOUND


def test_a_resolver_that_hangs_costs_no_more_than_the_time_given(monkeypatch: pytest.MonkeyPatch) -> None:
    awake = Event()
    alarm = Timer(2.0, awake.set)
    monkeypatch.setattr(names, "ask_resolver", lambda _: [str(awake.wait())])
    alarm.start()
    found = resolve(read("https://example.com/"), seconds=0.05)
    still_hanging = not awake.is_set()
    alarm.cancel()
    awake.set()
    assert still_hanging
    assert isinstance(found, Failure)
    assert found.trouble is Trouble.TIMEOUT


def test_a_sandbox_target_is_not_asked_whether_it_is_public(knows: dict[str, list[str]]) -> None:
    knows["sandbox"] = ["172.18.0.3"]
    policy = Policy(sandbox_targets=frozenset({"sandbox:8002"}))
    assert resolve(read("http://sandbox:8002/", policy), seconds=1) == [("172.18.0.3", 8002)]


def test_an_address_is_checked_at_the_dial_too_whoever_made_the_target() -> None:
    target = Target("10.0.0.5", "10.0.0.5", "/", secure=True, peer=("10.0.0.5", 443), trusted=False)
    found = resolve(target, seconds=1)
    assert isinstance(found, Failure)
    assert found.trouble is Trouble.FORBIDDEN_ADDRESS


# --------------------------------------------------------------------------- on saving


def test_a_good_address_is_saved_without_a_word(knows: dict[str, list[str]]) -> None:
    knows["hooks.example.com"] = ["93.184.216.34"]
    assert check_for_save("https://hooks.example.com/x") is None


def test_a_forbidden_address_is_not_saved_and_the_field_is_named(knows: dict[str, list[str]]) -> None:
    knows["hooks.example.com"] = ["93.184.216.34", "10.0.0.5"]
    for url in ("http://hooks.example.com/", "https://hooks.example.com/"):
        fault = check_for_save(url, field="endpoint")
        assert fault is not None
        assert (fault.field, fault.warning) == ("endpoint", False)


def test_a_name_that_does_not_resolve_yet_is_saved_with_a_warning(knows: dict[str, list[str]]) -> None:
    fault = check_for_save("https://soon.example.com/")
    assert fault is not None
    assert fault.warning
    assert "soon.example.com" in fault.message


def test_no_hostile_spelling_is_saved_even_by_a_resolver_that_reads_them_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(addresses, "policy", lambda: WIDE)
    monkeypatch.setattr(names, "ask_resolver", lambda _: ["93.184.216.34"])
    for url in hostile.urls(port=8777):
        fault = check_for_save(url)
        assert fault is not None, url
        assert not fault.warning, url


def test_reading_a_known_url_again_costs_next_to_nothing() -> None:
    read_url("https://cached.example.com/", STRICT)
    before = read_url.cache_info().hits
    read_url("https://cached.example.com/", STRICT)
    assert read_url.cache_info().hits == before + 1
