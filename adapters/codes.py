"""One-time codes: who has a phone in hand, or reads a mailbox, proves it with six digits that were sent there.

A code is stored nowhere. It is made of its challenge's name with a key of its own purpose, when it is sent and again
when it is checked; the table holds the challenge: the number or address as a keyed hash, until when it holds, the
tries, and what it was used for. Challenges are no events: they say nothing about the hall's work, and are swept
after a day.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool

from adapters.people import Contact
from domain.message import Refused

CREATE = """
DROP TABLE IF EXISTS one_time_codes;
CREATE TABLE IF NOT EXISTS code_challenges (
    challenge  text PRIMARY KEY,
    contact    bytea NOT NULL,
    device     text NOT NULL,
    made_at    timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    tries      integer NOT NULL DEFAULT 0,
    used_for   text
);
CREATE INDEX IF NOT EXISTS code_challenges_contact ON code_challenges (contact, made_at);
CREATE INDEX IF NOT EXISTS code_challenges_device ON code_challenges (device, made_at)
"""
"""Of the table of before nothing is kept: what it held lasted for minutes."""

DIGITS = 6
LASTS = timedelta(minutes=5)
TRIES_MAX = 5
"""How often a wrong code may be entered before the challenge is void: one chance in 200,000."""
PAUSE = timedelta(minutes=1)
CONTACT_A_DAY = 10
DEVICE_AN_HOUR = 120
"""None of these numbers is a rule; all are ours."""


class TooOften(Exception):
    """The contact or the device has asked too often; it may ask again ``at`` then."""

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
        mac = hmac.digest(self._secret, challenge.encode(), "sha256")
        return f"{int.from_bytes(mac[:8]) % 10**DIGITS:0{DIGITS}}"

    async def ask(self, contact: Contact, device: str, now: datetime, proof: str | None = None) -> Challenge:
        """A new challenge for a phone or a mailbox; those before it hold no more.

        Args:
            device: who asks; counted unless they have shown a proof of work.
            proof: the name of that proof. It is used up: the challenge takes it over as its own.

        Raises:
            TooOften: the contact or the device.
            Refused: the proof was used before.
        """
        hashed = self._hash(contact)
        async with self._pool.connection() as connection, connection.transaction():
            cursor = connection.cursor(row_factory=tuple_row)
            # Two requests for one contact, or from one device, are counted one after the other.
            for lock in sorted((hashed.hex(), device)):
                await cursor.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended('code:' || %s, 0))", (lock,)
                )
            await cursor.execute("DELETE FROM code_challenges WHERE made_at < %s", (now - timedelta(days=1),))
            await cursor.execute(
                "SELECT count(*), max(made_at) FROM code_challenges WHERE contact = %s", (hashed,)
            )
            asked, last = await cursor.fetchone() or (0, None)
            if last is not None and now < last + PAUSE:
                raise TooOften(last + PAUSE)
            if asked >= CONTACT_A_DAY:
                raise TooOften(now + timedelta(days=1))
            await cursor.execute(
                "SELECT count(*) FROM code_challenges WHERE device = %s AND made_at > %s",
                (device, now - timedelta(hours=1)),
            )
            (by_device,) = await cursor.fetchone() or (0,)
            if proof is None and by_device >= DEVICE_AN_HOUR:
                raise TooOften(now + timedelta(hours=1))
            made = Challenge(proof or secrets.token_urlsafe(16), now + LASTS)
            await cursor.execute(
                "UPDATE code_challenges SET until = %s WHERE contact = %s AND until > %s", (now, hashed, now)
            )
            await cursor.execute(
                "INSERT INTO code_challenges (challenge, contact, device, made_at, until)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (made.name, hashed, device, now, made.until),
            )
            if not cursor.rowcount:
                raise Refused("proof-used")
        return made

    async def use(self, contact: Contact, code: str, purpose: str, now: datetime) -> str:
        """Use up a contact's code; the challenge's name. Asked again for the same purpose, it is the same use.

        Raises:
            Refused: it is wrong, over, or was used for something else.
        """
        hashed = self._hash(contact)
        wrong = False
        async with self._pool.connection() as connection, connection.transaction():
            cursor = connection.cursor(row_factory=tuple_row)
            await cursor.execute(
                "SELECT challenge, tries, used_for, until FROM code_challenges WHERE contact = %s"
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
                "UPDATE code_challenges SET tries = tries + %s, used_for = %s WHERE challenge = %s",
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
                "UPDATE code_challenges SET used_for = NULL WHERE challenge = %s", (challenge,)
            )

    def _hash(self, contact: Contact) -> bytes:
        return hmac.digest(self._secret, f"{contact.kind}:{contact.address}".encode(), "sha256")
