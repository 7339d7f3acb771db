"""One-time codes on a real PostgreSQL: single use, expiring, guessed by nobody, asked for not too often."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from psycopg_pool import AsyncConnectionPool

from adapters.codes import DEVICE_AN_HOUR, LASTS, PAUSE, PHONE_A_DAY, TRIES_MAX, Codes, TooOften
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


@pytest.fixture
def phone() -> str:
    return str(next(numbers))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


async def refused(codes: Codes, phone: str, code: str, purpose: str = "other", at: Any = SOON) -> str:
    with pytest.raises(Refused) as found:
        await codes.use(phone, code, purpose, at)
    return found.value.code


async def test_a_code_is_used_once_for_one_purpose(codes: Codes, phone: str) -> None:
    code = codes.code((await codes.ask(phone, "kiosk:k1", NINE)).name)
    first = await codes.use(phone, code, "check-in", SOON)
    assert await codes.use(phone, code, "check-in", SOON) == first, "the same request asked again"
    assert await refused(codes, phone, code) == "code-over"
    await codes.give_back(first)
    assert await codes.use(phone, code, "other", SOON) == first


async def test_of_many_at_once_one_uses_it(codes: Codes, phone: str) -> None:
    code = codes.code((await codes.ask(phone, "kiosk:k1", NINE)).name)
    answers = await asyncio.gather(
        *(codes.use(phone, code, f"p{n}", SOON) for n in range(20)), return_exceptions=True
    )
    assert sum(isinstance(answer, str) for answer in answers) == 1


async def test_a_code_ends_with_its_time_and_with_the_next_one(codes: Codes, phone: str) -> None:
    old = codes.code((await codes.ask(phone, "kiosk:k1", NINE)).name)
    assert await refused(codes, phone, old, at=NINE + LASTS + timedelta(seconds=1)) == "code-over"
    new = codes.code((await codes.ask(phone, "kiosk:k1", NINE + PAUSE)).name)
    if new != old:
        assert await refused(codes, phone, old, at=NINE + PAUSE) == "code-wrong"
    assert await codes.use(phone, new, "x", NINE + PAUSE)


async def test_guessing_makes_the_code_void(codes: Codes, phone: str) -> None:
    code = codes.code((await codes.ask(phone, "kiosk:k1", NINE)).name)
    for _ in range(TRIES_MAX):
        assert await refused(codes, phone, wrong(code)) == "code-wrong"
    assert await refused(codes, phone, code) == "code-over"


async def test_a_phone_that_asked_for_none_has_none(codes: Codes, phone: str) -> None:
    assert await refused(codes, phone, "000000") == "code-wrong"


async def test_a_phone_asks_once_a_minute_and_so_often_a_day(codes: Codes, phone: str) -> None:
    at = NINE
    for _ in range(PHONE_A_DAY):
        await codes.ask(phone, "kiosk:k1", at)
        with pytest.raises(TooOften):
            await codes.ask(phone, "kiosk:k2", at + PAUSE / 2)
        at += PAUSE
    with pytest.raises(TooOften):
        await codes.ask(phone, "kiosk:k1", at)
    assert await codes.ask(phone, "kiosk:k1", at + timedelta(days=1))


async def test_a_device_asks_so_often_an_hour(codes: Codes) -> None:
    for _ in range(DEVICE_AN_HOUR):
        await codes.ask(str(next(numbers)), "kiosk:busy", NINE)
    with pytest.raises(TooOften) as often:
        await codes.ask(str(next(numbers)), "kiosk:busy", NINE)
    assert often.value.at > NINE
    assert await codes.ask(str(next(numbers)), "kiosk:idle", NINE)


async def test_two_who_ask_at_once_for_one_phone_are_counted_both(codes: Codes, phone: str) -> None:
    answers = await asyncio.gather(
        *(codes.ask(phone, f"kiosk:{n}", NINE) for n in range(6)), return_exceptions=True
    )
    assert sum(isinstance(answer, TooOften) for answer in answers) == 5


async def test_neither_the_phone_nor_the_code_stands_in_the_table(
    codes: Codes, pool: AsyncConnectionPool[Any], phone: str
) -> None:
    code = codes.code((await codes.ask(phone, "kiosk:k1", NINE)).name)
    async with pool.connection() as connection:
        found = await connection.execute("SELECT one_time_codes::text FROM one_time_codes")
        text = str(await found.fetchall())
    assert phone not in text
    assert phone.encode().hex() not in text
    assert code not in text.replace(phone, "")
    assert Codes(pool, SECRET[::-1]).code("x") != codes.code("x")
