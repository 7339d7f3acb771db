"""One-time codes: who has the phone in hand proves it with six digits that were sent there.

A code is stored nowhere. It is made of its challenge's name with a key of its own purpose, when it is sent and again
when it is checked; the table holds the challenge: the phone as a keyed hash, until when it holds, the tries, and what
it was used for. Challenges are no events: they say nothing about the hall's work, and are swept after a day.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool

from domain.message import Refused

CREATE = """
CREATE TABLE IF NOT EXISTS one_time_codes (
    challenge  text PRIMARY KEY,
    phone      bytea NOT NULL,
    device     text NOT NULL,
    made_at    timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    tries      integer NOT NULL DEFAULT 0,
    used_for   text
);
CREATE INDEX IF NOT EXISTS one_time_codes_phone ON one_time_codes (phone, made_at);
CREATE INDEX IF NOT EXISTS one_time_codes_device ON one_time_codes (device, made_at)
"""

DIGITS = 6
LASTS = timedelta(minutes=5)
TRIES_MAX = 5
"""How often a wrong code may be entered before the challenge is void: one chance in 200,000."""
PAUSE = timedelta(minutes=1)
PHONE_A_DAY = 10
DEVICE_AN_HOUR = 120
"""None of these numbers is a rule; all are ours."""


class TooOften(Exception):
    """The phone or the device has asked too often; it may ask again ``at`` then."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at


class Challenge(NamedTuple):
    name: str
    until: datetime


class Codes:
    """Challenges in PostgreSQL, for every serving process together.

    Args:
        secret: the key of this purpose alone.
    """

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], secret: bytes) -> None:
        self._pool = pool
        self._secret = secret

    async def create_table(self) -> None:
        """Once, at migration."""
        async with self._pool.connection() as connection:
            await connection.execute(CREATE)

    def code(self, challenge: str) -> str:
        """The code that belongs to a challenge."""
        mac = hmac.digest(self._secret, challenge.encode(), hashlib.sha256)
        return f"{int.from_bytes(mac[:8]) % 10**DIGITS:0{DIGITS}}"

    async def ask(self, phone: str, device: str, now: datetime) -> Challenge:
        """A new challenge for a phone; those before it hold no more.

        Raises:
            TooOften: the phone or the device.
        """
        hashed = self._hash(phone)
        async with self._pool.connection() as connection, connection.transaction():
            cursor = connection.cursor(row_factory=tuple_row)
            # Two requests for one phone, or from one device, are counted one after the other.
            for lock in sorted((hashed.hex(), device)):
                await cursor.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended('code:' || %s, 0))", (lock,)
                )
            await cursor.execute("DELETE FROM one_time_codes WHERE made_at < %s", (now - timedelta(days=1),))
            await cursor.execute(
                "SELECT count(*), max(made_at) FROM one_time_codes WHERE phone = %s", (hashed,)
            )
            asked, last = await cursor.fetchone() or (0, None)
            if last is not None and now < last + PAUSE:
                raise TooOften(last + PAUSE)
            if asked >= PHONE_A_DAY:
                raise TooOften(now + timedelta(days=1))
            await cursor.execute(
                "SELECT count(*) FROM one_time_codes WHERE device = %s AND made_at > %s",
                (device, now - timedelta(hours=1)),
            )
            (by_device,) = await cursor.fetchone() or (0,)
            if by_device >= DEVICE_AN_HOUR:
                raise TooOften(now + timedelta(hours=1))
            made = Challenge(secrets.token_urlsafe(16), now + LASTS)
            await cursor.execute(
                "UPDATE one_time_codes SET until = %s WHERE phone = %s AND until > %s", (now, hashed, now)
            )
            await cursor.execute(
                "INSERT INTO one_time_codes (challenge, phone, device, made_at, until) VALUES (%s, %s, %s, %s, %s)",
                (made.name, hashed, device, now, made.until),
            )
        return made

    async def use(self, phone: str, code: str, purpose: str, now: datetime) -> str:
        """Use up a phone's code; the challenge's name. Asked again for the same purpose, it is the same use.

        Raises:
            Refused: it is wrong, over, or was used for something else.
        """
        hashed = self._hash(phone)
        wrong = False
        async with self._pool.connection() as connection, connection.transaction():
            cursor = connection.cursor(row_factory=tuple_row)
            await cursor.execute(
                "SELECT challenge, tries, used_for, until FROM one_time_codes WHERE phone = %s"
                " ORDER BY made_at DESC LIMIT 1 FOR UPDATE",
                (hashed,),
            )
            found = await cursor.fetchone()
            if found is None:
                raise Refused("code-wrong")
            challenge, tries, used_for, until = found
            matches = hmac.compare_digest(self.code(challenge).encode(), code.encode())
            if matches and used_for == purpose:
                return str(challenge)
            if used_for is not None or now > until or tries >= TRIES_MAX:
                raise Refused("code-over")
            wrong = not matches
            await cursor.execute(
                "UPDATE one_time_codes SET tries = tries + %s, used_for = %s WHERE challenge = %s",
                (int(wrong), None if wrong else purpose, challenge),
            )
        # Outside the transaction, which a refusal would undo: a wrong code counts.
        if wrong:
            raise Refused("code-wrong")
        return str(challenge)

    async def give_back(self, challenge: str) -> None:
        """What it was used for was refused, so that it was used for nothing."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE one_time_codes SET used_for = NULL WHERE challenge = %s", (challenge,)
            )

    def _hash(self, phone: str) -> bytes:
        return hmac.digest(self._secret, f"phone:{phone}".encode(), hashlib.sha256)
