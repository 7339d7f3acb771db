"""People on a real PostgreSQL: one key a person, nothing readable at rest, nothing left after an erasure."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from psycopg_pool import AsyncConnectionPool
from stdnum.cn import ric

from adapters.people import (
    Contact,
    Identity,
    Masked,
    People,
    checked,
    contact,
    demonstration_identity,
    mask,
    mobile,
)
from domain.message import Refused
from domain.slots import BookSlot

MASTER, PEPPER = b"m" * 32, b"p" * 32
ZHANG = Identity(name="张演示", id_number=demonstration_identity("zhang").id_number, phone="13800001234")


def numbered(subject: str, **told: Any) -> Identity:
    return Identity(name="李演示", id_number=demonstration_identity(subject).id_number, **told)


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[AsyncConnectionPool[Any]]:
    async with AsyncConnectionPool(database_url, min_size=1, max_size=8, open=False) as opened:
        yield opened


@pytest_asyncio.fixture
async def people(pool: AsyncConnectionPool[Any]) -> People:
    made = People(pool, pool, master=MASTER, pepper=PEPPER)
    await made.create_tables()
    return made


async def rows(pool: AsyncConnectionPool[Any], statement: str) -> list[tuple[Any, ...]]:
    async with pool.connection() as connection:
        answer: list[tuple[Any, ...]] = await (await connection.execute(statement.encode())).fetchall()
        return answer


# --- enrolling and finding ----------------------------------------------------------------------------------


async def test_a_person_has_one_key_however_the_number_is_written(people: People) -> None:
    key = await people.enrol(ZHANG)
    spaced = f" {ZHANG.id_number[:6]} {ZHANG.id_number[6:14]}-{ZHANG.id_number[14:].lower()}"
    assert await people.enrol(Identity(name="张演示", id_number=spaced)) == key
    assert await people.find("resident-id", spaced) == key
    assert await people.enrol(numbered("li")) != key


async def test_a_key_is_one_that_events_may_carry(people: People) -> None:
    key = await people.enrol(ZHANG)
    assert re.fullmatch(r"[0-9a-f]{32}", key)
    assert BookSlot("p1", "a-0900", "a", "id-card", key).person == key


async def test_nobody_is_found_who_was_never_enrolled(people: People) -> None:
    assert await people.find("resident-id", demonstration_identity("nobody").id_number) is None
    assert await people.find("resident-id", "not a number") is None
    assert await people.reveal("0" * 32) is None
    assert await people.masked("0" * 32) is None


async def test_fifty_counters_that_enrol_one_person_at_once_get_one_key(
    people: People, pool: AsyncConnectionPool[Any]
) -> None:
    before = len(await rows(pool, "SELECT key FROM person_keys"))
    keys = await asyncio.gather(*(people.enrol(numbered("rush")) for _ in range(50)))
    assert len(set(keys)) == 1
    assert len(await rows(pool, "SELECT key FROM person_keys")) == before + 1


async def test_what_was_enrolled_is_revealed(people: People) -> None:
    assert await people.reveal(await people.enrol(ZHANG)) == ZHANG
    without = numbered("no-phone")
    assert await people.reveal(await people.enrol(without)) == without


async def test_a_later_enrolment_changes_nothing_of_what_is_known(people: People) -> None:
    key = await people.enrol(ZHANG)
    await people.enrol(Identity(name="某人", id_number=ZHANG.id_number, phone="13900009999"))
    assert await people.reveal(key) == ZHANG


async def test_what_may_be_shown_is_masked(people: People) -> None:
    shown = await people.masked(await people.enrol(ZHANG))
    number = f"{ZHANG.id_number[:4]}**********{ZHANG.id_number[-4:]}"
    assert shown == Masked(name="张*", id_type="resident-id", id_number=number, phone="138****1234")


# --- at rest ------------------------------------------------------------------------------------------------


async def test_nothing_at_rest_can_be_read(people: People, pool: AsyncConnectionPool[Any]) -> None:
    await people.enrol(ZHANG)
    stored = await rows(pool, "SELECT * FROM people") + await rows(pool, "SELECT * FROM person_keys")
    readable = b"".join(v if isinstance(v, bytes) else str(v).encode() for row in stored for v in row)
    assert ZHANG.phone
    for secret in (ZHANG.name, ZHANG.id_number, ZHANG.phone):
        assert secret.encode() not in readable


async def test_equal_values_do_not_look_equal_at_rest(people: People, pool: AsyncConnectionPool[Any]) -> None:
    await people.enrol(numbered("twin-1", phone="13700000000"))
    await people.enrol(numbered("twin-2", phone="13700000000"))
    phones = [phone for (phone,) in await rows(pool, "SELECT phone FROM people WHERE phone IS NOT NULL")]
    assert len(set(phones)) == len(phones) >= 2


async def test_a_value_opens_for_no_other_person(people: People, pool: AsyncConnectionPool[Any]) -> None:
    """Not even if the data key is copied along: the person that a value was sealed for is part of the seal."""
    one, other = await people.enrol(numbered("swap-1")), await people.enrol(numbered("swap-2"))
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE person_keys SET wrapped = theirs.wrapped FROM person_keys theirs"
            " WHERE theirs.key = %s AND person_keys.key = %s",
            (one, other),
        )
        await connection.execute(
            "UPDATE people SET name = theirs.name, id_number = theirs.id_number FROM people theirs"
            " WHERE theirs.key = %s AND people.key = %s",
            (one, other),
        )
    with pytest.raises(InvalidTag):
        await people.reveal(other)


async def test_a_value_opens_in_no_other_field(people: People, pool: AsyncConnectionPool[Any]) -> None:
    key = await people.enrol(numbered("field", phone="13700000000"))
    async with pool.connection() as connection:
        await connection.execute("UPDATE people SET name = phone WHERE key = %s", (key,))
    with pytest.raises(InvalidTag):
        await people.reveal(key)


async def test_another_master_key_opens_nothing(people: People, pool: AsyncConnectionPool[Any]) -> None:
    key = await people.enrol(ZHANG)
    with pytest.raises(InvalidTag):
        await People(pool, pool, master=b"x" * 32, pepper=PEPPER).reveal(key)


async def test_another_pepper_finds_nobody(people: People, pool: AsyncConnectionPool[Any]) -> None:
    await people.enrol(ZHANG)
    stranger = People(pool, pool, master=MASTER, pepper=b"x" * 32)
    assert await stranger.find("resident-id", ZHANG.id_number) is None


async def test_keys_may_lie_in_another_database(database_url: str, pool: AsyncConnectionPool[Any]) -> None:
    async with pool.connection() as connection:
        await connection.execute("CREATE SCHEMA IF NOT EXISTS vault")
    apart = psycopg.conninfo.make_conninfo(database_url, options="-c search_path=vault")
    async with AsyncConnectionPool(apart, min_size=1, max_size=2, open=False) as key_pool:
        people = People(pool, key_pool, master=MASTER, pepper=PEPPER)
        await people.create_tables()
        wang = numbered("wang")
        key = await people.enrol(wang)
        assert await people.reveal(key) == wang
    assert await rows(pool, f"SELECT key FROM vault.person_keys WHERE key = '{key}'")
    assert not await rows(pool, f"SELECT key FROM public.person_keys WHERE key = '{key}'")


@pytest.mark.parametrize(("master", "pepper"), [(b"m" * 16, PEPPER), (MASTER, b"short")])
async def test_short_secrets_are_no_secrets(
    pool: AsyncConnectionPool[Any], master: bytes, pepper: bytes
) -> None:
    with pytest.raises(ValueError, match="32"):
        People(pool, pool, master=master, pepper=pepper)


# --- erasing ------------------------------------------------------------------------------------------------


async def test_an_erased_person_cannot_be_revealed_or_found(
    people: People, pool: AsyncConnectionPool[Any]
) -> None:
    gone = numbered("gone", phone="13700000000")
    key = await people.enrol(gone)
    await people.erase(key)
    assert await people.reveal(key) is None
    assert await people.find("resident-id", gone.id_number) is None
    assert not await rows(pool, f"SELECT 1 FROM person_keys WHERE key = '{key}'")
    left = await rows(
        pool,
        f"SELECT lookup, name, id_number, phone FROM people WHERE key = '{key}' AND erased_at IS NOT NULL",
    )
    assert left == [(None, None, None, None)]


async def test_an_old_copy_of_the_values_is_unreadable_without_the_key(
    people: People, pool: AsyncConnectionPool[Any]
) -> None:
    key = await people.enrol(numbered("restored"))
    async with pool.connection() as connection:
        await connection.execute(
            "CREATE TEMPORARY TABLE backup AS SELECT * FROM people WHERE key = %s", (key,)
        )
        await people.erase(key)
        await connection.execute("DELETE FROM people WHERE key = %s", (key,))
        await connection.execute("INSERT INTO people SELECT * FROM backup")
        await connection.execute("DROP TABLE backup")
    assert await people.reveal(key) is None


async def test_erasing_again_is_safe_and_finishes_what_was_cut_off(
    people: People, pool: AsyncConnectionPool[Any]
) -> None:
    key = await people.enrol(numbered("cut"))
    async with pool.connection() as connection:
        await connection.execute("UPDATE people SET lookup = NULL, erased_at = now() WHERE key = %s", (key,))
    await people.erase(key)
    await people.erase(key)
    assert not await rows(pool, f"SELECT 1 FROM person_keys WHERE key = '{key}'")


async def test_who_comes_back_after_an_erasure_is_somebody_new(people: People) -> None:
    back = numbered("back")
    key = await people.enrol(back)
    await people.erase(key)
    again = await people.enrol(back)
    assert again != key
    assert await people.reveal(again) == back
    assert await people.reveal(key) is None


# --- what an identity may be --------------------------------------------------------------------------------


async def test_an_identity_that_cannot_be_is_not_enrolled(people: People) -> None:
    with pytest.raises(Refused, match="invalid-resident-id"):
        await people.enrol(Identity(name="张演示", id_number="411328199902300017"))


@pytest.mark.parametrize(
    ("number", "wrong"),
    [
        ("41132819990101001", "form"),
        ("4113281999010100199", "form"),
        ("41132819990101X019", "form"),
        ("411328179901010014", "form"),
        ("", "form"),
        ("411328199902300018", "birth-date"),
        (ZHANG.id_number[:-1] + ("0" if ZHANG.id_number[-1] != "0" else "1"), "check-digit"),
    ],
)
def test_a_number_that_cannot_be_is_refused_with_what_is_wrong(number: str, wrong: str) -> None:
    with pytest.raises(Refused) as refused:
        checked(Identity(name="张演示", id_number=number))
    assert refused.value.invalid
    assert refused.value.facts == {"field": "id_number", "wrong": wrong}


def test_a_number_keeps_the_county_code_of_its_registration() -> None:
    """Codes came into force long after the births of many who carry them; a library's table knows only the code."""
    number = "41132819450101001"
    number += ric.calc_check_digit(f"{number}0")
    assert not ric.is_valid(number)
    assert checked(Identity(name="张演示", id_number=number)).id_number == number


@pytest.mark.parametrize("phone", ["1380000123", "12800001234", "138000012345", "", "0377-1234567"])
def test_a_phone_is_a_mobile_number(phone: str) -> None:
    with pytest.raises(Refused) as refused:
        checked(numbered("li", phone=phone))
    assert (refused.value.code, refused.value.facts["field"]) == ("invalid-mobile", "phone")


@pytest.mark.parametrize("name", ["", "   ", "张" * 51, "张\u200b演示\x00"])
def test_a_name_is_something_to_be_called_by(name: str) -> None:
    with pytest.raises(Refused) as refused:
        checked(Identity(name=name, id_number=ZHANG.id_number))
    assert (refused.value.code, refused.value.facts["field"]) == ("invalid-name", "name")


def test_an_identity_is_stored_as_it_is_meant() -> None:
    wide = Identity(
        name=" 阿里木·买买提 ",
        id_number=ZHANG.id_number.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)}),
        phone="+86 138-0000-1234",
    )
    assert checked(wide) == Identity(name="阿里木·买买提", id_number=ZHANG.id_number, phone="13800001234")


@given(st.text(max_size=60), st.text(max_size=30), st.none() | st.text(max_size=30))
def test_a_mask_never_shows_a_whole_value(name: str, number: str, phone: str | None) -> None:
    shown = mask(Identity(name=name, id_number=number, phone=phone))
    for value, seen in ((name, shown.name), (number, shown.id_number), (phone, shown.phone)):
        if value and seen is not None and set(value) != {"*"}:
            assert value not in seen


def test_an_identity_in_a_log_is_masked() -> None:
    assert ZHANG.id_number not in repr(ZHANG)
    assert "张演示" not in f"{ZHANG!r} {ZHANG}"


@given(st.text(max_size=40))
def test_a_demonstration_person_is_valid_and_always_the_same(subject: str) -> None:
    invented = demonstration_identity(subject)
    assert invented == demonstration_identity(subject) == checked(invented)
    assert ric.is_valid(invented.id_number)
    assert re.fullmatch(r"演示·[0-9A-F]{4}", invented.name)


def test_demonstration_people_are_many() -> None:
    numbers = {demonstration_identity(f"citizen-{n}").id_number for n in range(3000)}
    assert len(numbers) == 3000


# --- by phone -----------------------------------------------------------------------------------------------


async def test_those_who_share_a_number_are_found_by_it_and_the_erased_are_not(people: People) -> None:
    first = await people.enrol(numbered("father", phone="13600001111"))
    second = await people.enrol(numbered("son", phone="+86 136-0000-1111"))
    assert await people.with_contact(Contact("phone", mobile("136 0000 1111"))) == sorted((first, second))
    await people.erase(first)
    assert await people.with_contact(Contact("phone", mobile("13600001111"))) == [second]
    assert await people.with_contact(Contact("phone", mobile("13600002222"))) == []


async def test_who_was_enrolled_before_phones_could_be_found_is_found(
    people: People, pool: AsyncConnectionPool[Any]
) -> None:
    key = await people.enrol(numbered("old", phone="13600003333"))
    async with pool.connection() as connection:
        await connection.execute("UPDATE people SET phone_hash = NULL WHERE key = %s", (key,))
    assert await people.with_contact(Contact("phone", mobile("13600003333"))) == []
    await people.create_tables()
    assert await people.with_contact(Contact("phone", mobile("13600003333"))) == [key]


# --- by mail ------------------------------------------------------------------------------------------------


async def test_whoever_gave_a_mail_address_is_found_by_it_until_they_are_erased(people: People) -> None:
    key = await people.enrol(numbered("writes", mail=" Wang.Wu@Hall.Test "))
    mailed = Contact("mail", "wang.wu@hall.test")
    assert contact(None, "WANG.WU@hall.test") == mailed
    assert await people.with_contact(mailed) == [key]
    known = await people.reveal(key)
    assert known is not None
    assert (known.mail, mask(known).mail) == ("wang.wu@hall.test", "w***@hall.test")
    assert await people.differing(key, name=None, phone=None, mail="wu@hall.test") == ("mail",)
    await people.correct(key, mail="wu@hall.test")
    assert await people.with_contact(mailed) == []
    assert await people.with_contact(Contact("mail", "wu@hall.test")) == [key]
    await people.erase(key)
    assert await people.with_contact(Contact("mail", "wu@hall.test")) == []


@pytest.mark.parametrize(
    "wrong", ["", "wang", "@hall.test", "a b@hall.test", "a@hall", "a@h\nall.test", "x" * 250 + "@a.cn"]
)
def test_what_is_no_mail_address_is_refused(wrong: str) -> None:
    with pytest.raises(Refused, match="invalid-mail"):
        contact(None, wrong)


# --- correcting -----------------------------------------------------------------------------------------------


async def test_a_corrected_phone_is_the_one_by_which_somebody_is_found(people: People) -> None:
    key = await people.enrol(numbered("moved house", phone="13700000011"))
    assert await people.differing(key, name=None, phone="+86 137 0000 0011") == ()
    assert await people.differing(key, name="新名字", phone="13700000012") == ("name", "phone")
    await people.correct(key, name=" 新名字 ", phone="13700000012")
    known = await people.reveal(key)
    assert known is not None
    assert (known.name, known.phone) == ("新名字", "13700000012")
    assert await people.with_contact(Contact("phone", mobile("13700000011"))) == []
    assert await people.with_contact(Contact("phone", mobile("13700000012"))) == [key]
    with pytest.raises(Refused, match="invalid-mobile"):
        await people.correct(key, phone="12345")
    await people.erase(key)
    for question in (people.correct(key, name="x"), people.differing(key, name="x", phone=None)):
        with pytest.raises(Refused, match="unknown-person"):
            await question
