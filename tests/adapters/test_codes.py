"""One-time codes on a real PostgreSQL: single use, expiring, guessed by nobody, asked for not too often."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from psycopg_pool import AsyncConnectionPool

from adapters.codes import CONTACT_A_DAY, DEVICE_AN_HOUR, LASTS, PAUSE, TRIES_MAX, Codes, TooOften
from adapters.people import Contact
from domain.message import Refused
from tests.spec import NINE

SECRET = b"a secret of these tests, and of nothing else"
SOON = NINE + timedelta(seconds=30)

numbers = count(13_800_000_000)


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[AsyncConnectionPool[Any]]:
    async with AsyncConnectionPool(database_url, min_size=1, max_size=8, open=False) as opened:
        yield opened


@pytest_asyncio.fixture
async def codes(pool: AsyncConnectionPool[Any]) -> Codes:
    made = Codes(pool, SECRET)
    await made.create_table()
    return made


@pytest.fixture(params=["phone", "mail"])
def contact(request: pytest.FixtureRequest) -> Contact:
    number = str(next(numbers))
    return Contact("phone", number) if request.param == "phone" else Contact("mail", f"a{number}@hall.test")


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


async def refused(codes: Codes, contact: Contact, code: str, purpose: str = "other", at: Any = SOON) -> str:
    with pytest.raises(Refused) as found:
        await codes.use(contact, code, purpose, at)
    return found.value.code


async def test_a_code_is_used_once_for_one_purpose(codes: Codes, contact: Contact) -> None:
    code = codes.code((await codes.ask(contact, "kiosk:k1", NINE)).name)
    first = await codes.use(contact, code, "check-in", SOON)
    assert await codes.use(contact, code, "check-in", SOON) == first, "the same request asked again"
    assert await refused(codes, contact, code) == "code-over"
    await codes.give_back(first)
    assert await codes.use(contact, code, "other", SOON) == first


async def test_of_many_at_once_one_uses_it(codes: Codes, contact: Contact) -> None:
    code = codes.code((await codes.ask(contact, "kiosk:k1", NINE)).name)
    answers = await asyncio.gather(
        *(codes.use(contact, code, f"p{n}", SOON) for n in range(20)), return_exceptions=True
    )
    assert sum(isinstance(answer, str) for answer in answers) == 1


async def test_a_code_ends_with_its_time_and_with_the_next_one(codes: Codes, contact: Contact) -> None:
    old = codes.code((await codes.ask(contact, "kiosk:k1", NINE)).name)
    assert await refused(codes, contact, old, at=NINE + LASTS + timedelta(seconds=1)) == "code-over"
    new = codes.code((await codes.ask(contact, "kiosk:k1", NINE + PAUSE)).name)
    if new != old:
        assert await refused(codes, contact, old, at=NINE + PAUSE) == "code-wrong"
    assert await codes.use(contact, new, "x", NINE + PAUSE)


async def test_guessing_makes_the_code_void(codes: Codes, contact: Contact) -> None:
    code = codes.code((await codes.ask(contact, "kiosk:k1", NINE)).name)
    for _ in range(TRIES_MAX):
        assert await refused(codes, contact, wrong(code)) == "code-wrong"
    assert await refused(codes, contact, code) == "code-over"


async def test_whoever_asked_for_none_has_none(codes: Codes, contact: Contact) -> None:
    assert await refused(codes, contact, "000000") == "code-wrong"


async def test_a_phone_or_mailbox_asks_once_a_minute_and_so_often_a_day(
    codes: Codes, contact: Contact
) -> None:
    at = NINE
    for _ in range(CONTACT_A_DAY):
        await codes.ask(contact, "kiosk:k1", at)
        with pytest.raises(TooOften):
            await codes.ask(contact, "kiosk:k2", at + PAUSE / 2)
        at += PAUSE
    with pytest.raises(TooOften):
        await codes.ask(contact, "kiosk:k1", at)
    assert await codes.ask(contact, "kiosk:k1", at + timedelta(days=1))


async def test_a_device_asks_so_often_an_hour(codes: Codes) -> None:
    for _ in range(DEVICE_AN_HOUR):
        await codes.ask(Contact("phone", str(next(numbers))), "kiosk:busy", NINE)
    with pytest.raises(TooOften) as often:
        await codes.ask(Contact("phone", str(next(numbers))), "kiosk:busy", NINE)
    assert often.value.at > NINE
    assert await codes.ask(Contact("phone", str(next(numbers))), "kiosk:idle", NINE)


async def test_two_who_ask_at_once_for_one_contact_are_counted_both(codes: Codes, contact: Contact) -> None:
    answers = await asyncio.gather(
        *(codes.ask(contact, f"kiosk:{n}", NINE) for n in range(6)), return_exceptions=True
    )
    assert sum(isinstance(answer, TooOften) for answer in answers) == 5


async def test_a_proof_of_work_is_used_up_by_one_challenge_and_frees_from_the_count_of_devices(
    codes: Codes, contact: Contact
) -> None:
    proof = f"proof-{contact.address}"
    made = await codes.ask(contact, proof, NINE, proof)
    assert await codes.use(contact, codes.code(made.name), "x", SOON)
    with pytest.raises(Refused, match="proof-used"):
        await codes.ask(Contact("phone", str(next(numbers))), proof, NINE, proof)
    for n in range(DEVICE_AN_HOUR + 1):
        await codes.ask(Contact("phone", str(next(numbers))), proof, NINE, f"{proof}-{n}")


async def test_neither_the_contact_nor_the_code_stands_in_the_table(
    codes: Codes, pool: AsyncConnectionPool[Any], contact: Contact
) -> None:
    code = codes.code((await codes.ask(contact, "kiosk:k1", NINE)).name)
    async with pool.connection() as connection:
        found = await connection.execute("SELECT code_challenges::text FROM code_challenges")
        text = str(await found.fetchall())
    assert contact.address not in text
    assert contact.address.encode().hex() not in text
    assert code not in text
    assert Codes(pool, SECRET[::-1]).code("x") != codes.code("x")
