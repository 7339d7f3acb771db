"""Proofs of work (ALTCHA): a browser of nobody in particular computes for a moment before something is done that costs.

There is nothing to read, to hear or to solve for a person. A challenge is signed and stored nowhere; its solution holds
for minutes and once, for whatever is done with it takes over its name. Who has said who they are needs none.
"""

import secrets
import time
from datetime import timedelta
from typing import Any

import altcha

from adapters.http.identity import Identity
from adapters.http.problems import FieldError, Rejected

ALGORITHM = "PBKDF2/SHA-256"
LASTS = timedelta(minutes=10)
TRIES = (100, 300)
"""How many keys are derived until one fits. Bounded, so that no slow phone is unlucky for long."""


class Proofs:
    """Args:
    secret: the key of this purpose alone.
    cost: iterations of each derivation; 0 asks for no proof at all.
    """

    def __init__(self, secret: bytes, cost: int) -> None:
        self._secret = secret
        self._cost = cost

    @property
    def asked_for(self) -> bool:
        return self._cost > 0

    def challenge(self) -> dict[str, Any]:
        """A new one, as ALTCHA's widgets and ours read it."""
        low, high = TRIES
        made = altcha.create_challenge(
            ALGORITHM,
            self._cost or 1,
            counter=low + secrets.randbelow(high - low),
            expires_at=int(time.time() + LASTS.total_seconds()),
            hmac_secret=self._secret,
            hmac_key_secret=self._secret,
        )
        told: dict[str, Any] = made.to_dict()
        return told

    def check(self, identity: Identity | None, proof: str | None) -> str | None:
        """The name of a proof; none where none is needed.

        Raises:
            Rejected: it is needed and missing, wrong or too old.
        """
        if identity is not None or not self.asked_for:
            return None
        if not proof:
            raise Rejected(422, "proof-needed", errors=[FieldError("proof", "proof-needed")])
        try:
            found = altcha.verify_solution(proof, self._secret, hmac_key_secret=self._secret)
            name = altcha.Payload.from_base64(proof).challenge.parameters.nonce
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _wrong() from error
        if not found.verified:
            raise _wrong()
        return f"proof-{name}"


def _wrong() -> Rejected:
    return Rejected(422, "proof-wrong", errors=[FieldError("proof", "proof-wrong")])
