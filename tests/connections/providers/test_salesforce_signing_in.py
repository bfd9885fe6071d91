"""Salesforce: which hosts may be reached, whatever is typed or answered, and whose org a token opens."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from connections.provider import Account, Answer, Client, Refusal, Reply, Request
from connections.providers.salesforce import PROVIDER, hosts
from tests.connections.providers.test_salesforce import ACCESS, ORG, refuses, says

CLIENT = Client("app", "hush")
ORG_ID = "00D5f000000abcdEAA"
TOKEN = {
    "access_token": ACCESS,
    "refresh_token": "5Aep-refresh",
    "instance_url": ORG,
    "id": f"https://login.salesforce.com/id/{ORG_ID}/0055f000000userAAA",
    "token_type": "Bearer",
    "scope": "refresh_token api",
}
ROW = {
    "Id": ORG_ID,
    "Name": "Casterly Rock",
    "IsSandbox": False,
    "OrganizationType": "Enterprise Edition",
    "InstanceName": "EU55",
}


def asked_at(**settings: str) -> str:
    declared = PROVIDER.sign_in(settings)
    found = {urlsplit(url).netloc for url in (declared.authorize_url, declared.token_url, declared.revoke_url)}
    assert len(found) == 1
    assert urlsplit(declared.authorize_url).path == "/services/oauth2/authorize"
    return found.pop()


# --------------------------------------------------------------------------- where one signs in


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"host": "login"}, "login.salesforce.com"),
        ({"host": "test"}, "test.salesforce.com"),
        ({"host": "login", "my_domain": "evil"}, "login.salesforce.com"),
        ({"host": "my_domain", "my_domain": "acme"}, "acme.my.salesforce.com"),
        ({"host": "my_domain", "my_domain": " ACME-Corp "}, "acme-corp.my.salesforce.com"),
        ({"host": "my_domain", "my_domain": "acme--uat"}, "acme--uat.sandbox.my.salesforce.com"),
        ({"host": "my_domain", "my_domain": "acme.my.salesforce.com"}, "acme.my.salesforce.com"),
        (
            {"host": "my_domain", "my_domain": "https://acme--uat.sandbox.my.salesforce.com/"},
            "acme--uat.sandbox.my.salesforce.com",
        ),
        (
            {"host": "my_domain", "my_domain": "https://acme.lightning.force.com/lightning/page/home"},
            "acme.my.salesforce.com",
        ),
    ],
)
def test_each_choice_leads_to_its_host(settings: dict[str, str], host: str) -> None:
    assert asked_at(**settings) == host
    assert PROVIDER.check_settings(settings, {}) == []


HOSTILE_DOMAINS = [
    *("", " ", ".", "-", "--", "acme-", "-acme", "acme--", "--uat", "a--b--c", "acme..my.salesforce.com"),
    *("evil.example", "acme.evil.example", "acme.my.salesforce.com.evil.example", "evil.example/.my.salesforce.com"),
    *("acme.my.salesforce.com:8080", "acme.my.salesforce.com@evil.example", "user:pw@acme", "acme@evil.example"),
    *("http://acme.my.salesforce.com", "//evil.example", "https://evil.example/", "https:evil.example", "javascript:x"),
    *("acme?x", "acme#x", "acme\\evil.example", "evil.example\\@acme", "acme%2eevil.example", "acme%00", "acme\0"),
    *(
        "acme\nx",
        "acme\r\nHost: evil.example",
        "acme evil",
        "acme\tx",
        "127.0.0.1",
        "[::1]",
        "169.254.169.254",
        "0x7f.1",
    ),
    *(
        "acme.",
        "acme\u3002my\u3002salesforce\u3002com",
        "ac\u212ae",
        "\u0430cme",
        "\uff41cme",
        "acme\u200b",
        "acme\u2024evil",
        "İacme",
    ),
    *(
        "acme.sandbox",
        "acme.sandbox.my.salesforce.com.",
        "acme_x",
        "a" * 64,
        "a" * 5_000,
        "localhost.",
        "acme.force.com",
    ),
]


@pytest.mark.parametrize("typed", HOSTILE_DOMAINS, ids=lambda typed: ascii(typed[:40]))
def test_a_hostile_spelling_leads_nowhere(typed: str) -> None:
    settings = {"host": "my_domain", "my_domain": typed}
    with pytest.raises(ValueError, match="No host"):
        PROVIDER.sign_in(settings)
    (fault,) = PROVIDER.check_settings(settings, {})
    assert fault.field == "my_domain"


@pytest.mark.parametrize("host", ["", "Login", "login.salesforce.com", "evil.example", None, 1, ["login"]])
def test_a_choice_that_is_none_leads_nowhere(host: Any) -> None:
    with pytest.raises(ValueError, match="No host"):
        PROVIDER.sign_in({"host": host, "my_domain": "acme"})


def test_whatever_is_typed_the_host_ends_as_salesforces_do() -> None:
    for typed in (*HOSTILE_DOMAINS, "acme", "127", "localhost", "acme/../../x"):
        found = hosts.my_domain_host(typed)
        assert not found or (
            found.endswith(".my.salesforce.com") and set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
        )


# --------------------------------------------------------------------------- where an org says it is


@pytest.mark.parametrize(
    "url",
    [
        *("https://acme.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"),
        *("https://acme-dev-ed.develop.my.salesforce.com", "https://eu55.salesforce.com"),
    ],
)
def test_an_address_of_salesforces_is_taken(url: str) -> None:
    assert hosts.instance(url) == hosts.instance(f"{url}/") == url


@pytest.mark.parametrize(
    "url",
    [
        *("", None, 7, "acme.my.salesforce.com", "http://acme.my.salesforce.com", "https://salesforce.com"),
        *(
            "https://evilsalesforce.com",
            "https://acme.salesforce.com.evil.example",
            "https://acme.my.salesforce.com:444",
        ),
        *(
            "https://evil.example/.salesforce.com",
            "https://evil.example#.salesforce.com",
            "https://evil.example?.salesforce.com",
        ),
        *(
            "https://user@acme.my.salesforce.com",
            "https://acme.my.salesforce.com@evil.example",
            "https://acme.my.salesforce.com/x",
        ),
        *(
            "https://evil.example\\.salesforce.com",
            "https://127.0.0.1",
            "https://[::1].salesforce.com",
            "HTTPS://ACME.MY.SALESFORCE.COM",
        ),
        *(
            "https://acme.my.salesforce.com\n",
            "https://acme .my.salesforce.com",
            "https://.salesforce.com",
            "https://a..salesforce.com",
        ),
        *(
            "https://acme.my.salesforce.com.",
            "https://\uff41cme.my.salesforce.com",
            "https://" + "a." * 200 + "salesforce.com",
        ),
    ],
    ids=ascii,
)
def test_an_address_that_is_not_salesforces_is_not(url: Any) -> None:
    assert hosts.instance(url) == ""


# --------------------------------------------------------------------------- whose org it is


def identify(token: dict[str, Any], reply: Reply) -> tuple[list[Request], Account | Refusal]:
    course, requests = PROVIDER.identify(token, CLIENT), list[Request]()
    try:
        step = next(course)
        while True:
            assert isinstance(step, Request)
            requests.append(step)
            step = course.send(reply)
    except StopIteration as end:
        return requests, end.value


def organization(**changes: Any) -> Answer:
    return says({"totalSize": 1, "done": True, "records": [{**ROW, **changes}]})


def account(reply: Reply, **token: Any) -> Account:
    _, found = identify({**TOKEN, **token}, reply)
    assert isinstance(found, Account), found
    return found


def test_an_org_is_known_by_its_id_and_its_name() -> None:
    requests, found = identify(TOKEN, organization())
    assert isinstance(found, Account)
    assert [request.url.partition("?")[0] for request in requests] == [f"{ORG}/services/data/v66.0/query"]
    assert (found.id, found.name) == (ORG_ID, "Casterly Rock")
    assert found.settings == {
        "org_id": ORG_ID,
        "org_name": "Casterly Rock",
        "account_type": "production",
        "instance_url": ORG,
        "instance_name": "EU55",
        "scopes": ["api", "refresh_token"],
    }
    assert found.credentials == {"access_token": ACCESS, "refresh_token": "5Aep-refresh"}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"IsSandbox": True}, "sandbox"),
        ({"OrganizationType": "Developer Edition"}, "developer"),
        ({"IsSandbox": True, "OrganizationType": "Developer Edition"}, "sandbox"),
        ({"IsSandbox": "true"}, "production"),
    ],
)
def test_a_sandbox_is_never_taken_for_production(changes: dict[str, Any], kind: str) -> None:
    assert account(organization(**changes)).settings["account_type"] == kind


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://casterly--uat.sandbox.my.salesforce.com", "Casterly Rock (sandbox uat)"),
        ("https://cs7.salesforce.com", "Casterly Rock (sandbox)"),
    ],
)
def test_a_sandbox_is_told_by_its_name_from_the_org_that_it_was_copied_from(url: str, name: str) -> None:
    assert account(organization(IsSandbox=True), instance_url=url).name == name


def test_a_token_that_names_another_address_is_never_used() -> None:
    requests, found = identify({**TOKEN, "instance_url": "https://evil.example"}, organization())
    assert requests == []
    assert isinstance(found, Refusal)
    assert "not Salesforce's own" in found.reason


def test_access_for_a_few_hours_is_refused_while_somebody_can_mend_it() -> None:
    requests, found = identify({**TOKEN, "refresh_token": ""}, organization())
    assert requests == []
    assert isinstance(found, Refusal)
    assert "refresh_token" in found.fix


def test_an_org_that_is_not_the_tokens_is_refused() -> None:
    _, found = identify(TOKEN, organization(Id="00D5f000000zzzzEAA"))
    assert isinstance(found, Refusal)


@pytest.mark.parametrize("id", ["", None, "rubbish", 7, "https://[", f"https://test.salesforce.com/id/{ORG_ID}/x"])
def test_a_token_without_a_readable_identity_is_known_by_the_org_alone(id: Any) -> None:
    assert account(organization(), id=id).id == ORG_ID


@pytest.mark.parametrize(
    "reply",
    [Answer(500), Answer(200, body=b"{"), says({"records": []}), organization(Id="../x"), organization(Id=None)],
)
def test_an_org_that_does_not_say_who_it_is_is_not_connected(reply: Reply) -> None:
    _, found = identify(TOKEN, reply)
    assert isinstance(found, Refusal)
    assert found.reason == "Salesforce did not say which org it is."


def test_who_may_not_use_the_api_learns_what_to_ask_for() -> None:
    _, found = identify(
        TOKEN, refuses("API_DISABLED_FOR_ORG", 403, "The REST API is not enabled for this Organization.")
    )
    assert isinstance(found, Refusal)
    assert "API Enabled" in found.fix
