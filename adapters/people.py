"""Who is behind a key: names, document numbers, phones, mail addresses, each sealed so that erasing somebody is final.

Every value is encrypted under a key of that person alone. These data keys lie, wrapped under the master key, in a
table that may stand in another database: destroying a person's data key makes every copy of their values
unreadable, in backups too, if the backups of the keys are kept shorter than those of the people. A person is found
again by a keyed hash of their document number, since a plain one could be guessed through.
"""

import hmac
import re
import secrets
import unicodedata
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Literal, LiteralString, NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, tuple_row
from psycopg_pool import AsyncConnectionPool
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from domain.message import Refused
from domain.personal import Field

IdType = Literal["resident-id"]
ContactKind = Literal["phone", "mail"]

Pool = AsyncConnectionPool[AsyncConnection[Any]]

CREATE_PEOPLE = """
CREATE TABLE IF NOT EXISTS people (
    key         text PRIMARY KEY,
    lookup      bytea UNIQUE,
    id_type     text NOT NULL,
    algorithm   text NOT NULL,
    name        bytea,
    id_number   bytea,
    phone       bytea,
    phone_hash  bytea,
    mail        bytea,
    mail_hash   bytea,
    phone_meant bytea,
    mail_meant  bytea,
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    erased_at   timestamptz
)
"""

PREPARE_CONTACTS: tuple[LiteralString, ...] = (
    "ALTER TABLE people ADD COLUMN IF NOT EXISTS phone_hash bytea",
    "ALTER TABLE people ADD COLUMN IF NOT EXISTS mail bytea",
    "ALTER TABLE people ADD COLUMN IF NOT EXISTS mail_hash bytea",
    "ALTER TABLE people ADD COLUMN IF NOT EXISTS phone_meant bytea",
    "ALTER TABLE people ADD COLUMN IF NOT EXISTS mail_meant bytea",
    "CREATE INDEX IF NOT EXISTS people_phone_hash ON people (phone_hash)",
    "CREATE INDEX IF NOT EXISTS people_mail_hash ON people (mail_hash)",
)

CREATE_KEYS = """
CREATE TABLE IF NOT EXISTS person_keys (
    key       text PRIMARY KEY,
    algorithm text NOT NULL,
    wrapped   bytea NOT NULL
)
"""

SET_NAME: LiteralString = "UPDATE people SET name = %s WHERE key = %s AND erased_at IS NULL"
SET_PHONE: LiteralString = (
    "UPDATE people SET phone = %s, phone_hash = %s, phone_meant = NULL WHERE key = %s AND erased_at IS NULL"
)
SET_MAIL: LiteralString = (
    "UPDATE people SET mail = %s, mail_hash = %s, mail_meant = NULL WHERE key = %s AND erased_at IS NULL"
)
MEAN: dict[ContactKind, LiteralString] = {
    "phone": "UPDATE people SET phone_meant = %s WHERE key = %s AND erased_at IS NULL",
    "mail": "UPDATE people SET mail_meant = %s WHERE key = %s AND erased_at IS NULL",
}
MEANT: dict[ContactKind, LiteralString] = {
    "phone": "SELECT algorithm, phone_meant FROM people WHERE key = %s AND erased_at IS NULL",
    "mail": "SELECT algorithm, mail_meant FROM people WHERE key = %s AND erased_at IS NULL",
}
WITH: dict[ContactKind, LiteralString] = {
    "phone": "SELECT key FROM people WHERE phone_hash = %s ORDER BY key",
    "mail": "SELECT key FROM people WHERE mail_hash = %s ORDER BY key",
}

ALGORITHM = "AES-256-GCM"
CIPHERS = {ALGORITHM: AESGCM}
"""By the name that is stored beside what was sealed, so that old values stay readable when a new one is chosen."""

MAILBOX = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([a-z0-9-]+\.)+[a-z0-9-]{2,}")

NONCE_BYTES = 12

COUNTIES = (411302, 411303, *range(411321, 411331), 411381)
FIRST_BIRTH, LAST_BIRTH = date(1995, 1, 1), date(2007, 12, 31)


class Contact(NamedTuple):
    """Where somebody is reached, as it is stored."""

    kind: ContactKind
    address: str


class Identity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who somebody is by their document. Its ``repr`` is masked: it may end up in a log."""

    name: str
    id_type: IdType = "resident-id"
    id_number: str
    phone: str | None = None
    mail: str | None = None

    def __repr__(self) -> str:
        return repr(mask(self))


class Masked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may be shown of somebody: 张*, 4113**********1234, 138****1234, z***@example.com."""

    name: str
    id_type: IdType
    id_number: str
    phone: str | None
    mail: str | None = None


class People:
    """The people of the installation.

    Args:
        pool: the database of the ``people`` table.
        key_pool: that of the ``person_keys`` table, in production another one.
        master: 32 bytes under which data keys are wrapped.
        pepper: at least 32 bytes that make the lookup hash unguessable. It can never be changed.
    """

    def __init__(self, pool: Pool, key_pool: Pool, *, master: bytes, pepper: bytes) -> None:
        if len(master) != 32 or len(pepper) < 32:
            raise ValueError("the master key has 32 bytes, the pepper at least 32")
        self._pool = pool
        self._key_pool = key_pool
        self._master = master
        self._pepper = pepper

    async def create_tables(self) -> None:
        """Once, at migration."""
        await _row(self._pool, CREATE_PEOPLE)
        await _row(self._key_pool, CREATE_KEYS)
        for statement in PREPARE_CONTACTS:
            await _row(self._pool, statement)
        unhashed = "SELECT key FROM people WHERE phone IS NOT NULL AND phone_hash IS NULL LIMIT 1"
        while (found := await _row(self._pool, unhashed)) is not None:
            await self._hash_phone(found[0])

    async def enrol(self, identity: Identity) -> str:
        """The person's key, new if nobody with this document is known. What is known of somebody stays as it is.

        Raises:
            Refused: the identity cannot be; ``field`` tells where.
        """
        identity = checked(identity)
        lookup = self._lookup(identity.id_type, identity.id_number)
        while (known := await self._known(lookup)) is None:
            if (key := await self._insert(lookup, identity)) is not None:
                return key
        return known

    async def find(self, id_type: IdType, number: str) -> str | None:
        """The key of whoever has this document, if they are known."""
        return await self._known(self._lookup(id_type, _compact(number)))

    async def with_contact(self, contact: Contact) -> list[str]:
        """The keys of those who gave this number or address: a family may share one."""
        hashed = self._lookup(*contact)
        async with self._pool.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(WITH[contact.kind], (hashed,))
            return [key for (key,) in await cursor.fetchall()]

    async def reveal(self, key: str) -> Identity | None:
        """The identity behind a key; none if there is nobody or they were erased.

        Raises:
            cryptography.exceptions.InvalidTag: the values or their key were altered, or the master key is another.
        """
        person = await _row(
            self._pool,
            "SELECT id_type, algorithm, name, id_number, phone, mail FROM people WHERE key = %s AND erased_at IS NULL",
            key,
        )
        data_key = await self._data_key(key)
        if person is None or data_key is None:
            return None
        id_type, algorithm, name, id_number, phone, mail = person
        cipher = CIPHERS[algorithm](data_key)
        return Identity(
            name=_open(cipher, key, "name", name).decode(),
            id_type=id_type,
            id_number=_open(cipher, key, "id_number", id_number).decode(),
            phone=None if phone is None else _open(cipher, key, "phone", phone).decode(),
            mail=None if mail is None else _open(cipher, key, "mail", mail).decode(),
        )

    async def masked(self, key: str) -> Masked | None:
        """What may be shown of the person; none as for ``reveal``."""
        identity = await self.reveal(key)
        return None if identity is None else mask(identity)

    async def differing(
        self, key: str, *, name: str | None, phone: str | None, mail: str | None = None
    ) -> tuple[Field, ...]:
        """Which of the values that are told are not what is known of the person.

        Raises:
            Refused: there is nobody by this key, or a value cannot be.
        """
        known = await self.reveal(key)
        if known is None:
            raise Refused("unknown-person", missing=True)
        told: dict[Field, str | None] = {
            "name": None if name is None else _name(name),
            "phone": None if phone is None else mobile(phone),
            "mail": None if mail is None else mailbox(mail),
        }
        return tuple(
            field for field, value in told.items() if value is not None and value != getattr(known, field)
        )

    async def correct(
        self, key: str, *, name: str | None = None, phone: str | None = None, mail: str | None = None
    ) -> None:
        """Put other values in the place of a person's, sealed under the same key.

        Raises:
            Refused: there is nobody by this key, or a value cannot be.
        """
        data_key = await self._data_key(key)
        if data_key is None:
            raise Refused("unknown-person", missing=True)
        cipher = CIPHERS[ALGORITHM](data_key)
        if name is not None:
            sealed = _seal(cipher, key, "name", _name(name).encode())
            await _row(self._pool, SET_NAME, sealed, key)
        if phone is not None:
            number = mobile(phone)
            sealed = _seal(cipher, key, "phone", number.encode())
            await _row(self._pool, SET_PHONE, sealed, self._lookup("phone", number), key)
        if mail is not None:
            address = mailbox(mail)
            sealed = _seal(cipher, key, "mail", address.encode())
            await _row(self._pool, SET_MAIL, sealed, self._lookup("mail", address), key)

    async def mean(self, key: str, contact: Contact) -> None:
        """Keep an address somebody says is theirs until they have proven it.

        Raises:
            Refused: there is nobody by this key.
        """
        data_key = await self._data_key(key)
        if data_key is None:
            raise Refused("unknown-person", missing=True)
        sealed = _seal(CIPHERS[ALGORITHM](data_key), key, f"{contact.kind}_meant", contact.address.encode())
        await _row(self._pool, MEAN[contact.kind], sealed, key)

    async def meant(self, key: str, kind: ContactKind) -> str | None:
        """The address somebody said is theirs and has not proven yet."""
        found, data_key = await _row(self._pool, MEANT[kind], key), await self._data_key(key)
        if found is None or found[1] is None or data_key is None:
            return None
        return _open(CIPHERS[found[0]](data_key), key, f"{kind}_meant", found[1]).decode()

    async def erase(self, key: str) -> None:
        """Forget a person for good; whoever comes with the same document later is somebody new.

        Two databases cannot forget at one instant: an erasure that raises has to be repeated until it returns.
        """
        await _row(
            self._pool,
            "UPDATE people SET lookup = NULL, name = NULL, id_number = NULL, phone = NULL,"
            " phone_hash = NULL, mail = NULL, mail_hash = NULL, phone_meant = NULL, mail_meant = NULL,"
            " erased_at = now()"
            " WHERE key = %s AND erased_at IS NULL",
            key,
        )
        await _row(self._key_pool, "DELETE FROM person_keys WHERE key = %s", key)

    # --- the tables -----------------------------------------------------------------------------------------

    async def _known(self, lookup: bytes) -> str | None:
        found = await _row(self._pool, "SELECT key FROM people WHERE lookup = %s", lookup)
        return None if found is None else str(found[0])

    async def _insert(self, lookup: bytes, identity: Identity) -> str | None:
        """Enrol under a new key; none if somebody else enrolled the same document first.

        The data key is stored before the person, so that nobody is ever seen without one; cut off in between,
        it is the key of nothing.
        """
        key, data_key = secrets.token_hex(16), AESGCM.generate_key(256)
        wrapped = _seal(CIPHERS[ALGORITHM](self._master), key, "data-key", data_key)
        await _row(self._key_pool, "INSERT INTO person_keys VALUES (%s, %s, %s)", key, ALGORITHM, wrapped)
        cipher = CIPHERS[ALGORITHM](data_key)
        values = [
            None if value is None else _seal(cipher, key, field, value.encode())
            for field, value in (
                ("name", identity.name),
                ("id_number", identity.id_number),
                ("phone", identity.phone),
                ("mail", identity.mail),
            )
        ]
        inserted = await _row(
            self._pool,
            "INSERT INTO people (key, lookup, id_type, algorithm, name, id_number, phone, mail,"
            " phone_hash, mail_hash) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (lookup) DO NOTHING RETURNING key",
            key,
            lookup,
            identity.id_type,
            ALGORITHM,
            *values,
            None if identity.phone is None else self._lookup("phone", identity.phone),
            None if identity.mail is None else self._lookup("mail", identity.mail),
        )
        if inserted is None:
            await _row(self._key_pool, "DELETE FROM person_keys WHERE key = %s", key)
            return None
        return key

    async def _hash_phone(self, key: str) -> None:
        """Make somebody findable by phone who was enrolled before that could be."""
        identity = await self.reveal(key)
        hashed = None if identity is None or identity.phone is None else self._lookup("phone", identity.phone)
        # Without a key of theirs nobody can be told apart from them: an empty hash finds no one.
        await _row(self._pool, "UPDATE people SET phone_hash = %s WHERE key = %s", hashed or b"", key)

    async def _data_key(self, key: str) -> bytes | None:
        found = await _row(self._key_pool, "SELECT algorithm, wrapped FROM person_keys WHERE key = %s", key)
        if found is None:
            return None
        algorithm, wrapped = found
        return _open(CIPHERS[algorithm](self._master), key, "data-key", wrapped)

    def _lookup(self, id_type: IdType | ContactKind, number: str) -> bytes:
        return hmac.digest(self._pepper, f"{id_type}:{number}".encode(), "sha256")


# --- identities ---------------------------------------------------------------------------------------------


def checked(identity: Identity) -> Identity:
    """The identity as it is stored: full-width characters narrowed, spaces and country code taken off.

    Raises:
        Refused: ``field`` is ``name``, ``id_number``, ``phone`` or ``mail``.
    """
    return Identity(
        name=_name(identity.name),
        id_type=identity.id_type,
        id_number=_resident_id(identity.id_number),
        phone=None if identity.phone is None else mobile(identity.phone),
        mail=None if identity.mail is None else mailbox(identity.mail),
    )


def mask(identity: Identity) -> Masked:
    return Masked(
        name=f"{identity.name[: len(identity.name) > 1]}*",
        id_type=identity.id_type,
        id_number=_ends(identity.id_number, 4, 4),
        phone=None if identity.phone is None else mask_phone(identity.phone),
        mail=None if identity.mail is None else mask_mail(identity.mail),
    )


def mask_phone(phone: str) -> str:
    return _ends(phone, 3, 4)


def mask_mail(address: str) -> str:
    return f"{address[0]}***@{address.rpartition('@')[2]}"


def demonstration_identity(subject: str) -> Identity:
    """An invented person for a development token: the same for the same subject, valid in form, named 演示.

    Born between 1995 and 2007 in one of Nanyang's thirteen counties, since a number's county code should have been
    in force at the birth. That gives 60 million numbers: of ten thousand subjects one pair may share one.
    """
    digits = int.from_bytes(sha256(subject.encode()).digest())
    digits, county = divmod(digits, len(COUNTIES))
    digits, days = divmod(digits, (LAST_BIRTH - FIRST_BIRTH).days + 1)
    digits, serial = divmod(digits, 1000)
    digits, phone = divmod(digits, 10**8)
    number = f"{COUNTIES[county]}{FIRST_BIRTH + timedelta(days=days):%Y%m%d}{serial:03}"
    return Identity(
        name=f"演示·{digits % 0x10000:04X}",
        id_number=number + ric.calc_check_digit(f"{number}0"),
        phone=f"138{phone:08}",
    )


def _ends(text: str, first: int, last: int) -> str:
    """A text with a star for each character between its ends; nothing of one that is too short to have any."""
    hidden = len(text) - first - last
    return f"{text[:first]}{'*' * hidden}{text[-last:]}" if hidden > 0 else "*" * len(text)


def _compact(number: str) -> str:
    """A number as people write it, without spaces and hyphens, in plain digits."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number)).upper()


def _name(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    if not 1 <= len(name) <= 50 or not name.isprintable():
        raise Refused("invalid-name", invalid=True, field="name")
    return name


def _resident_id(number: str) -> str:
    """A resident identity number with the right form, a day of birth that existed and the right check digit.

    The county code is taken as it is: codes changed often, and a number keeps the one of its first registration,
    which need not have been in force at the birth.
    """
    number = _compact(number)
    if not re.fullmatch(r"[0-9]{6}(19|20)[0-9]{9}[0-9X]", number):
        raise Refused("invalid-resident-id", invalid=True, field="id_number", wrong="form")
    try:
        ric.get_birth_date(number)
    except ValidationError:
        raise Refused("invalid-resident-id", invalid=True, field="id_number", wrong="birth-date") from None
    if ric.calc_check_digit(number) != number[-1]:
        raise Refused("invalid-resident-id", invalid=True, field="id_number", wrong="check-digit")
    return number


def mobile(phone: str) -> str:
    """A mobile number as it is stored.

    Raises:
        Refused: it is none.
    """
    phone = re.sub(r"^(\+|00)86", "", _compact(phone))
    if not re.fullmatch(r"1[3-9][0-9]{9}", phone):
        raise Refused("invalid-mobile", invalid=True, field="phone")
    return phone


def mailbox(address: str) -> str:
    """A mail address as it is stored: in small letters, for no provider tells two people apart by their case.

    Raises:
        Refused: it is none.
    """
    address = unicodedata.normalize("NFKC", address).strip().lower()
    if len(address) > 254 or MAILBOX.fullmatch(address) is None:
        raise Refused("invalid-mail", invalid=True, field="mail")
    return address


def is_mailbox(address: str) -> bool:
    try:
        mailbox(address)
    except Refused:
        return False
    return True


def contact(phone: str | None, mail: str | None) -> Contact | None:
    """The one of both that was given; ``None`` for neither, and for both.

    Raises:
        Refused: it cannot be.
    """
    if phone is not None and mail is None:
        return Contact("phone", mobile(phone))
    return Contact("mail", mailbox(mail)) if mail is not None and phone is None else None


# --- sealing ------------------------------------------------------------------------------------------------


def _seal(cipher: AESGCM, key: str, field: str, value: bytes) -> bytes:
    """Encrypted and bound to its place: it opens for no other person and in no other field."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, value, f"{key}/{field}".encode())


def _open(cipher: AESGCM, key: str, field: str, sealed: bytes) -> bytes:
    return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], f"{key}/{field}".encode())


async def _row(pool: Pool, statement: LiteralString, *parameters: Any) -> TupleRow | None:
    """Run one statement in a transaction of its own; the first row of its answer, if it has any."""
    async with pool.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchone() if cursor.description else None
