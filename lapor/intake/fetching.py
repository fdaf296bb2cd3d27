"""Reading a file from an address that a provider names: never from inside our own network, never more than allowed."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

import httpx

from lapor.intake.channels.talk import Unfetchable

MOST_REDIRECTS: Final = 3


@dataclass(frozen=True)
class _Target:
    """Where a file is, and the address that its name was found to have; none for the provider's own interface."""

    url: httpx.URL
    found: str = ""

    def request(self, client: httpx.AsyncClient) -> httpx.Request:
        """A request that goes to the very address that was checked: nobody asks for the name a second time."""
        if not self.found:
            return client.build_request("GET", self.url)
        asked = client.build_request(
            "GET",
            self.url.copy_with(host=self.found),
            # A connection is of one name only: the next file behind the same address shakes hands anew.
            headers={"Host": self.url.netloc.decode("ascii"), "Connection": "close"},
        )
        # The certificate must be that of the name.
        asked.extensions["sni_hostname"] = self.url.raw_host.decode("ascii")
        return asked


async def read_json(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """Return what the provider's own interface says; raises Unfetchable."""
    try:
        answer = await client.get(path)
        _check(answer)
        found = answer.json()
    except (httpx.HTTPError, ValueError):
        raise Unfetchable("penyedia kanal tidak dapat dihubungi") from None
    if not isinstance(found, dict):
        raise Unfetchable("jawaban penyedia kanal tidak dikenal")
    return found


async def read(client: httpx.AsyncClient, address: str, most_bytes: int) -> bytes:
    """Return the bytes behind an address, with the client's own credentials; raises Unfetchable.

    An address on the host of the provider's interface may be wherever that is; any other, and wherever a redirect
    leads to, must be HTTPS on a public address. Our credentials go nowhere but to the first one.
    """
    credentials = True
    for _ in range(MOST_REDIRECTS + 1):
        target = await _allowed(client.base_url, address)
        asked = target.request(client)
        if not credentials:
            asked.headers.pop("Authorization", None)
        try:
            answer = await client.send(asked, stream=True, follow_redirects=False)
            try:
                if answer.is_redirect:
                    address, credentials = _next(target.url, answer), False
                    continue
                _check(answer, credentials)
                return await _limited(answer, most_bytes)
            finally:
                await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL):
            raise Unfetchable("berkas tidak dapat diambil") from None
    raise Unfetchable("alamat berkas berputar-putar", for_good=True)


async def _limited(answer: httpx.Response, most_bytes: int) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > most_bytes:
            raise Unfetchable("berkasnya terlalu besar", for_good=True)
    return bytes(body)


def _check(answer: httpx.Response, credentials: bool = True) -> None:
    if answer.is_success:
        return
    gone = answer.status_code in (400, 404, 410)
    # Only where we have shown our token can it be what is wrong.
    broken = credentials and answer.status_code in (401, 403)
    raise Unfetchable(f"penyedia kanal menjawab {answer.status_code}", for_good=gone, broken=broken)


def _next(url: httpx.URL, answer: httpx.Response) -> str:
    return str(url.join(answer.headers.get("location", "")))


async def _allowed(home: httpx.URL, address: str) -> _Target:
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, TypeError):
        raise Unfetchable("alamat berkas tidak sah", for_good=True) from None
    if (url.scheme, url.host, url.port) == (home.scheme, home.host, home.port) and url.host:
        return _Target(url)
    if url.scheme != "https" or not url.host:
        raise Unfetchable("alamat berkas tidak aman", for_good=True)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            url.host, url.port or 443, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        raise Unfetchable("alamat berkas tidak ditemukan") from None
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(_public(one) for one in addresses):
        raise Unfetchable("alamat berkas menuju jaringan tertutup", for_good=True)
    return _Target(url, addresses[0])


def _public(address: str) -> bool:
    found = ip_address(address.split("%")[0])
    # What wraps an address of the old kind leads to where that one does.
    wrapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (wrapped is None or wrapped.is_global)
