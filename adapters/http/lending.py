"""Development tokens, lent to whoever asks. The route exists only where this server signs its own tokens."""

from typing import Annotated

import msgspec
from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Meta

from adapters.http.access import API
from adapters.http.identity import DevelopmentTokens, Role
from adapters.http.parts import Parts
from adapters.people import demonstration_identity
from domain.message import Id


class TokenAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``subject`` may be anybody, known or new; ``hall`` and ``window`` narrow where the token acts."""

    role: Role
    subject: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
    hall: Id | None = None
    window: Id | None = None


class TokenLent(msgspec.Struct, frozen=True):
    token: str


def routes(parts: Parts) -> list[HTTPRouteHandler]:
    tokens = parts.tokens
    if not (isinstance(tokens, DevelopmentTokens) and parts.settings.signs_tokens):
        return []

    @post(
        f"{API}/dev/tokens",
        status_code=200,
        operation_id="dev_tokens",
        summary="A token for trying things out; not there with a real identity provider",
        opt={"body": TokenAsked},
    )
    async def lend(data: JSONBody[TokenAsked]) -> TokenLent:
        # A citizen is a person with an invented, valid-looking identity: the same one for the same subject.
        person = None
        if data.role == "citizen":
            person = await parts.people.enrol(demonstration_identity(data.subject))
        return TokenLent(
            tokens.sign(data.role, data.subject, person=person, hall=data.hall, window=data.window)
        )

    return [lend]
