"""Tokens: who they make somebody, and all the ways in which they do not hold."""

import base64
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from adapters.http.identity import DevelopmentTokens, TokenCache
from adapters.http.problems import Rejected
from adapters.seal import Seal, derive
from adapters.settings import Settings
from tests.adapters.http.serving import SECRET, Served, serving

KEY = OctKey.import_key(derive(SECRET, "development tokens"))
NOW = 1_800_000_000


def tokens(at: int = NOW) -> DevelopmentTokens:
    return DevelopmentTokens(SECRET, lambda: at)


def claims(**other: Any) -> dict[str, Any]:
    told = {"iss": "mingting-development", "sub": "li", "role": "clerk", "exp": NOW + 60, "iat": NOW} | other
    return {name: value for name, value in told.items() if value is not None}


def signed(body: dict[str, Any], key: Any = KEY, alg: str = "HS256", **header: Any) -> str:
    return jwt.encode({"alg": alg, **header}, body, key, algorithms=[alg])


async def refused(token: str) -> str:
    with pytest.raises(Rejected) as rejected:
        await tokens().identify(token)
    assert rejected.value.status == 401
    return rejected.value.code


async def test_a_token_says_who_where_and_until_when() -> None:
    token = tokens().sign("clerk", "li", hall="tanghe", window="w01")
    identity = await tokens().identify(token)
    assert (identity.by, identity.hall, identity.window) == ("clerk:li", "tanghe", "w01")
    assert identity.expires == NOW + 12 * 3600


async def test_a_citizen_is_their_key_in_the_log() -> None:
    identity = await tokens().identify(tokens().sign("citizen", "张三", person="f00d"))
    assert identity.by == "citizen:f00d"


async def test_an_expired_token_says_so() -> None:
    assert await refused(signed(claims(exp=NOW))) == "token-expired"


@pytest.mark.parametrize(
    "body",
    [
        claims(exp=None),
        claims(exp="tomorrow"),
        claims(sub=None),
        claims(sub=5),
        claims(iss="somebody"),
        claims(iss=None),
        claims(role="root"),
        claims(role=None),
        claims(role=["admin"]),
        claims(nbf=NOW + 3600),
    ],
)
async def test_a_token_without_what_it_must_say_does_not_hold(body: dict[str, Any]) -> None:
    assert await refused(signed(body)) == "token-invalid"


def unsigned(alg: str) -> str:
    parts = [json.dumps({"alg": alg}).encode(), json.dumps(claims()).encode(), b""]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


FORGED = {
    "no algorithm": unsigned("none"),
    "no signature": unsigned("HS256"),
    "another key": signed(claims(), OctKey.generate_key(256)),
    "another algorithm": signed(claims(), RSAKey.generate_key(2048), "RS256"),
    "a longer digest": signed(claims(), alg="HS512"),
    "nothing": "",
    "one part": "x",
    "two parts": "x.y",
    "five parts": "a.b.c.d.e",
    "not base64": "é.é.é",
    "an array": signed(claims()).partition(".")[0] + ".W10." + signed(claims()).rpartition(".")[2],
    "too long": "x" * 10_000,
}


@pytest.mark.parametrize("what", FORGED)
async def test_a_forged_token_does_not_hold(what: str) -> None:
    assert await refused(FORGED[what]) == "token-invalid"


async def test_a_changed_token_does_not_hold() -> None:
    head, body, mac = tokens().sign("clerk", "li").split(".")
    admin = base64.urlsafe_b64encode(json.dumps(claims(role="admin")).encode()).decode().rstrip("=")
    assert await refused(f"{head}.{admin}.{mac}") == "token-invalid"
    assert await refused(f"{head}.{body}.{mac[:-2]}xx") == "token-invalid"


async def test_a_token_is_checked_once_and_remembered_until_it_expires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = [float(NOW)]
    known = DevelopmentTokens(SECRET, lambda: at[0])
    token = known.sign("clerk", "li")
    first = await known.identify(token)

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("the signature was checked again")

    with monkeypatch.context() as patched:
        patched.setattr(jwt, "decode", never)
        assert await known.identify(token) is first
    at[0] += 12 * 3600
    with pytest.raises(Rejected):
        await known.identify(token)


async def test_the_cache_of_tokens_is_bounded() -> None:
    cache = TokenCache(lambda: NOW, size=3)
    identity = await tokens().identify(tokens().sign("clerk", "li"))
    for number in range(5):
        cache.put(f"t{number}", identity)
    assert [cache.get(f"t{number}") is not None for number in range(5)] == [False, False, True, True, True]


# --- the route that lends them --------------------------------------------------------------------------------


@pytest.mark.asyncio(loop_scope="module")
async def test_anybody_may_have_a_development_token_for_any_subject(served: Served) -> None:
    asked = {"role": "clerk", "subject": "新来的", "hall": "tanghe", "window": "w01"}
    answer = await served.post("/dev/tokens", asked)
    assert answer.status_code == 200
    assert set(answer.json()) == {"token"}
    identity = await served.parts.tokens.identify(answer.json()["token"])
    assert (identity.role, identity.subject, identity.hall) == ("clerk", "新来的", "tanghe")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_new_citizen_is_a_person_with_an_invented_identity_and_always_the_same(
    served: Served,
) -> None:
    people = [
        (await served.parts.tokens.identify((await served.citizen(who))["Authorization"][7:])).person
        for who in ("zhang", "zhang", "zhou")
    ]
    assert people[0] == people[1] != people[2]
    assert people[0] is not None
    masked = await served.parts.people.masked(people[0])
    assert masked is not None
    assert masked.name == "演*"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "asked",
    [
        {"role": "root", "subject": "x"},
        {"role": "clerk"},
        {"role": "clerk", "subject": ""},
        {"role": "clerk", "subject": "a\nb"},
        {"role": "clerk", "subject": "x" * 101},
        {"role": "clerk", "subject": "x", "hall": "../"},
        {"role": "clerk", "subject": "x", "admin": True},
    ],
)
async def test_a_development_token_for_what_is_nothing_is_refused(
    served: Served, asked: dict[str, Any]
) -> None:
    answer = await served.post("/dev/tokens", asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_without_development_tokens_their_route_does_not_exist(database_url: str) -> None:
    async with serving(database_url, settings=Settings(development_tokens=False)) as real:
        answer = await real.post("/dev/tokens", {"role": "admin", "subject": "x"})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-path")
        document = (await real.client.get("/schema/openapi.json")).json()
        assert "/api/v1/dev/tokens" not in document["paths"]


# --- sealed links ---------------------------------------------------------------------------------------------


def test_a_sealed_link_opens_to_its_reference_and_no_other_link_does() -> None:
    seal = Seal(SECRET)
    link = seal.seal("tanghe.20260302.abc")
    assert seal.unseal(link) == "tanghe.20260302.abc"
    for other in (
        link[:-1],
        f"{link}x",
        link.replace("abc", "abd"),
        "tanghe.20260302.abc",
        "",
        ".",
        "中.文",
        link.upper(),
    ):
        assert seal.unseal(other) is None
    assert Seal(SECRET + b"x").unseal(link) is None


def test_a_link_that_was_given_out_once_is_good_for_ever() -> None:
    seal = Seal(b"a secret of the tests, and of nothing else")
    assert seal.seal("tanghe.20260302.abc") == "tanghe.20260302.abc.zR7ggoF_t9I308EqBI7raw"
