"""A real identity provider over real HTTP, and a published key set that a test can bend."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from adapters.http.oidc import REFRESH_AFTER_S, REFRESH_PAUSE_S, ClaimNames, OidcTokens
from adapters.http.problems import Rejected
from adapters.people import Identity as Person
from adapters.settings import Settings
from tests.adapters.http.serving import serving

REDIRECT = "https://hall.test/back"


# --- a real provider ------------------------------------------------------------------------------------------


@contextmanager
def provider(*users: oidc_provider_mock.User) -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


async def log_in(issuer: str, subject: str, client_id: str = "mingting") -> str:
    """The authorization code flow, as a browser and a client would go it; the ID token."""
    async with httpx.AsyncClient(base_url=issuer) as browser:
        query = {
            "client_id": client_id,
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": "openid profile phone",
            "state": "s",
            "nonce": "n",
        }
        sent_back = await browser.post("/oauth2/authorize", params=query, data={"sub": subject})
        code = parse_qs(urlsplit(sent_back.headers["location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        answer = await browser.post("/oauth2/token", data=form, auth=(client_id, "secret"))
        token: str = answer.json()["id_token"]
        return token


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20, follow_redirects=False) as made:
        yield made


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider's own libraries
async def test_a_providers_token_opens_the_doors_of_its_role(
    database_url: str, client: httpx.AsyncClient
) -> None:
    users = (
        oidc_provider_mock.User(sub="u1", claims={"mt": {"roles": ["staff", "clerk"]}, "hall": "guotan"}),
        oidc_provider_mock.User(sub="u2", claims={"mt": {"roles": ["staff"]}}),
        oidc_provider_mock.User(sub="u3", claims={"mt": {"roles": ["clerk"]}}),
        oidc_provider_mock.User(sub="u4", claims={"mt": {"roles": ["citizen"]}}),
    )
    with provider(*users) as issuer:
        tokens = OidcTokens(issuer, "mingting", client, claims=ClaimNames(role="mt.roles"))
        settings = Settings(oidc_issuer=issuer)
        async with serving(database_url, tokens=tokens, settings=settings) as served:

            async def take(subject: str, hall: str = "guotan", audience: str = "mingting") -> tuple[int, str]:
                token = await log_in(issuer, subject, audience)
                headers = {"Authorization": f"Bearer {token}"}
                answer = await served.post(f"/halls/{hall}/tickets", {"queue": "a"}, headers)
                return answer.status_code, answer.json().get("code", "")

            assert await take("u1") == (201, "")
            assert await take("u1", hall="yuantan") == (403, "other-hall")
            assert await take("u2") == (403, "role-missing")
            assert await take("u3") == (403, "other-hall"), "a clerk without a hall acts in none"
            assert await take("u4") == (201, "")
            assert await take("u1", audience="another-program") == (401, "token-invalid")
            answer = await served.post("/dev/tokens", {"role": "admin", "subject": "x"})
            assert answer.status_code == 404


# --- a provider a test can bend -------------------------------------------------------------------------------

ISSUER = "https://id.test"
NOW = int(time.time())


class Published:
    """A provider's discovery document and keys, and how often they were asked for."""

    def __init__(self, *keys: Any, **discovery: Any) -> None:
        self.keys = list(keys)
        self.discovery = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"} | discovery
        self.asked: list[str] = []
        self.away = False
        self.monotonic = 1000.0

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.away:
            raise httpx.ConnectError("away")
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.discovery)
        return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})

    def tokens(self, **told: Any) -> OidcTokens:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return OidcTokens(ISSUER, "mingting", http, now=lambda: NOW, monotonic=lambda: self.monotonic, **told)


RSA = RSAKey.generate_key(2048, {"kid": "r1"})
EC = ECKey.generate_key("P-256", {"kid": "e1"})
ED = OKPKey.generate_key("Ed25519", {"kid": "o1"})


def signed(key: Any = RSA, alg: str = "RS256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    told = {
        "iss": ISSUER,
        "aud": "mingting",
        "sub": "u1",
        "role": "clerk",
        "hall": "tanghe",
        "exp": NOW + 60,
    } | claims
    body = {name: value for name, value in told.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": key.kid, **(header or {})}, body, key, algorithms=[alg])


async def refused(tokens: OidcTokens, token: str) -> tuple[int, str]:
    with pytest.raises(Rejected) as rejected:
        await tokens.identify(token)
    return rejected.value.status, rejected.value.code


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")])
@pytest.mark.filterwarnings("ignore:EdDSA")
async def test_tokens_of_the_allowed_algorithms_hold(key: Any, alg: str) -> None:
    identity = await Published(RSA, EC, ED).tokens().identify(signed(key, alg))
    assert (identity.by, identity.hall, identity.confined) == ("clerk:u1", "tanghe", True)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.test"},
        {"iss": None},
        {"aud": "other"},
        {"aud": ["a", "b"]},
        {"aud": None},
        {"exp": None},
        {"exp": "x"},
        {"nbf": NOW + 120},
        {"sub": None},
        {"hall": ["tanghe"]},
    ],
)
async def test_a_token_for_others_or_another_time_does_not_hold(claims: dict[str, Any]) -> None:
    assert await refused(Published(RSA).tokens(), signed(**claims)) == (401, "token-invalid")


async def test_an_old_token_says_that_it_expired_and_clocks_may_differ_a_little() -> None:
    tokens = Published(RSA).tokens()
    assert await refused(tokens, signed(exp=NOW - 31)) == (401, "token-expired")
    assert (await tokens.identify(signed(nbf=NOW + 20))).role == "clerk"


def rewritten(token: str, **header: Any) -> str:
    head, body, mac = token.split(".")
    told = json.loads(base64.urlsafe_b64decode(head + "==")) | header
    return f"{base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip('=')}.{body}.{mac}"


async def test_a_token_signed_with_the_public_key_as_a_shared_secret_does_not_hold() -> None:
    head, body, _ = rewritten(signed(), alg="HS256").split(".")
    mac = hmac.digest(RSA.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    forged = f"{head}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    assert await refused(Published(RSA).tokens(), forged) == (401, "token-invalid")


@pytest.mark.parametrize("alg", ["none", "NONE", "HS256", "RS1", "", "RSA-OAEP"])
async def test_an_algorithm_that_is_not_allowed_is_refused_without_asking_anybody(alg: str) -> None:
    published = Published(RSA)
    assert await refused(published.tokens(), rewritten(signed(), alg=alg)) == (401, "token-invalid")
    assert published.asked == []


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "crit"])
async def test_a_token_that_brings_its_own_key_is_refused_without_looking_at_it(name: str) -> None:
    published = Published(RSA)
    mine = RSAKey.generate_key(2048, {"kid": "r1"})
    value = {"jwk": mine.as_dict(private=False), "crit": ["x"]}.get(name, "https://evil.test/keys")
    assert await refused(published.tokens(), rewritten(signed(mine), **{name: value})) == (
        401,
        "token-invalid",
    )
    assert published.asked == []


async def test_a_key_of_that_name_must_really_have_signed() -> None:
    mine = RSAKey.generate_key(2048, {"kid": "r1"})
    assert await refused(Published(RSA).tokens(), signed(mine)) == (401, "token-invalid")


async def test_a_flood_of_unknown_keys_asks_the_provider_once_in_a_while() -> None:
    published = Published(RSA)
    tokens = published.tokens()
    await tokens.identify(signed())
    assert published.asked == ["/.well-known/openid-configuration", "/keys"]
    for number in range(100):
        token = rewritten(signed(), kid=f"k{number}")
        assert await refused(tokens, token) == (401, "token-invalid")
    assert len(published.asked) == 2
    published.monotonic += REFRESH_PAUSE_S
    for number in range(100):
        await refused(tokens, rewritten(signed(), kid=f"k{number}"))
    assert len(published.asked) == 4


async def test_a_new_key_of_the_provider_is_found_and_a_withdrawn_one_forgotten() -> None:
    published = Published(RSA)
    tokens = published.tokens()
    await tokens.identify(signed(sub="u1"))
    published.keys = [EC]
    published.monotonic += REFRESH_PAUSE_S
    assert (await tokens.identify(signed(EC, "ES256"))).subject == "u1"
    assert await refused(tokens, signed(sub="u2")) == (401, "token-invalid")


async def test_withdrawn_keys_are_noticed_even_if_nobody_names_a_new_one() -> None:
    published = Published(RSA, EC)
    tokens = published.tokens()
    await tokens.identify(signed(sub="u1"))
    published.keys = [EC]
    published.monotonic += REFRESH_AFTER_S + 1
    assert await refused(tokens, signed(sub="u2")) == (401, "token-invalid")


async def test_a_provider_that_is_away_closes_the_door_to_new_tokens_only() -> None:
    published = Published(RSA)
    tokens = published.tokens()
    known = signed()
    await tokens.identify(known)
    published.away = True
    published.monotonic += REFRESH_AFTER_S + 1
    assert (await tokens.identify(known)).role == "clerk"
    assert (await tokens.identify(signed(sub="u2"))).role == "clerk", (
        "its keys are known and no older than an hour"
    )
    fresh = published.tokens()
    assert await refused(fresh, signed()) == (503, "identity-provider-away")


@pytest.mark.parametrize(
    "discovery", [{"issuer": "https://other.test"}, {"jwks_uri": "http://id.test/keys"}, {"jwks_uri": None}]
)
async def test_a_discovery_document_that_is_not_the_issuers_is_not_believed(
    discovery: dict[str, Any],
) -> None:
    assert await refused(Published(RSA, **discovery).tokens(), signed()) == (503, "identity-provider-away")


async def test_the_roles_claim_may_be_a_list_and_the_strongest_of_ours_counts() -> None:
    tokens = Published(RSA).tokens(claims=ClaimNames(role="https://mt.test/roles"))
    token = signed(role=None, **{"https://mt.test/roles": ["citizen", "x", "supervisor"]})
    assert (await tokens.identify(token)).role == "supervisor"
    for roles in ([], "root", None, 5):
        assert await refused(tokens, signed(role=None, **{"https://mt.test/roles": roles})) == (
            403,
            "role-missing",
        )


async def test_a_citizen_is_known_by_the_document_their_token_names() -> None:
    enrolled: list[Person] = []

    async def enrol(person: Person) -> str:
        enrolled.append(person)
        return "key-1"

    tokens = Published(RSA).tokens(enrol=enrol)
    named = signed(role="citizen", name="张三", id_number="11010519491231002X", phone_number="13800138000")
    assert (await tokens.identify(named)).by == "citizen:key-1"
    assert [person.id_number for person in enrolled] == ["11010519491231002X"]
    assert (await tokens.identify(signed(role="citizen"))).person is None


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({"email": "zhang@hall.test", "email_verified": True}, "zhang@hall.test"),
        ({"email": "zhang@hall.test", "email_verified": False}, None),
        ({"email": "zhang@hall.test"}, None),
        ({"email": "no mailbox", "email_verified": True}, None),
    ],
)
async def test_a_mail_address_is_taken_over_only_if_the_provider_has_verified_it(
    told: dict[str, Any], known: str | None
) -> None:
    enrolled: list[Person] = []

    async def enrol(person: Person) -> str:
        enrolled.append(person)
        return "key-1"

    named = signed(role="citizen", name="张三", id_number="11010519491231002X", **told)
    await Published(RSA).tokens(enrol=enrol).identify(named)
    assert [person.mail for person in enrolled] == [known]


def test_a_shared_secret_algorithm_cannot_be_configured() -> None:
    with pytest.raises(ValueError, match="HS256"):
        Published(RSA).tokens(algorithms=("RS256", "HS256"))
