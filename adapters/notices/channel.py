"""What every channel is: it hands one message to a provider, or says that it could not."""

from typing import NamedTuple, Protocol

from domain.notice import Channel as Name


class Message(NamedTuple):
    """``id`` is the same whenever this sending is tried: a provider that has seen it sends it no second time."""

    id: str
    address: str
    subject: str
    text: str


class ChannelDown(Exception):
    """The provider could not be reached, or asked to be asked later."""


class MessageRefused(Exception):
    """The provider will not take this message, however often it is asked."""


class Channel(Protocol):
    """``send`` answers with the provider's own reference, if it gives one."""

    @property
    def name(self) -> Name: ...

    async def send(self, message: Message) -> str | None:
        """Raises:
        ChannelDown, MessageRefused: it was not taken.
        """
        ...

    async def close(self) -> None: ...
