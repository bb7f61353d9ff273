"""Asks the network's identity provider over HTTPS: so much, so long, and nobody else instead."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

from kernel.identity_provider import IdentityProvider

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

CLOSING = 0.1  # seconds in which connections that were cut off are closed
LARGEST = 512 * 1024  # bytes of an answer

Wrong = Literal["status", "size", "json", "issuer", "address", "keys", "tokens"]
T = TypeVar("T")


class WrongAnswer(Exception):
    """What answers is not what an identity provider says; `wrong` is safe to log."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong)
        self.wrong = wrong


class Conversation:
    """Questions to one provider, one after the other; an answer is JSON, or WrongAnswer."""

    def __init__(self, session: "ClientSession") -> None:
        self._session = session

    async def read(self, address: str) -> Any:
        """What is published there."""
        # The specification has no redirects (Discovery 1.0, 4.2): none can lead astray.
        async with self._session.get(address, allow_redirects=False) as response:
            if response.status != 200:
                raise WrongAnswer("status")
            return await _content(response)

    async def send(
        self, address: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        """The status, and what is answered to the form."""
        async with self._session.post(
            address, data=form, headers=headers, allow_redirects=False
        ) as response:
            return response.status, await _content(response)


def conversing(
    provider: IdentityProvider, talk: Callable[[Conversation], Awaitable[T]], within: float
) -> T:
    """What comes of the talk; names, handshakes and answers together have so many seconds."""

    async def conversation() -> T:
        try:
            return await _conversing(provider, talk, within)
        finally:
            await asyncio.sleep(CLOSING)

    return asyncio.run(conversation())


async def _conversing(
    provider: IdentityProvider, talk: Callable[[Conversation], Awaitable[T]], within: float
) -> T:
    import aiohttp  # noqa: PLC0415 - only who has a provider pays for it

    trusted = ssl.create_default_context(cafile=provider.ca_file)
    trusted.minimum_version = ssl.TLSVersion.TLSv1_2
    async with (
        asyncio.timeout(within),
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trusted),
            trust_env=True,  # A network's way out may be a proxy.
            auto_decompress=False,
            headers={"accept": "application/json", "accept-encoding": "identity"},
        ) as session,
    ):
        return await talk(Conversation(session))


async def _content(response: "ClientResponse") -> Any:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST:
            raise WrongAnswer("size")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise WrongAnswer("json") from None


def address_in(about: object, name: str, issuer: str) -> str:
    """Where the issuer that says this of itself is asked for that."""
    if not isinstance(about, dict) or about.get("issuer") != issuer:
        raise WrongAnswer("issuer")
    address = about.get(name)
    if not isinstance(address, str) or urlsplit(address).scheme != "https":
        raise WrongAnswer("address")
    return address
