"""Reading a file from an address that a provider names: never from inside our own network, never more than allowed."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address
from typing import Any, Final

import httpx

from lapor.intake.channels.talk import Unfetchable

MOST_REDIRECTS: Final = 3


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
        url = await _allowed(client.base_url, address)
        asked = client.build_request("GET", url)
        if not credentials:
            asked.headers.pop("Authorization", None)
        try:
            answer = await client.send(asked, stream=True, follow_redirects=False)
            try:
                if answer.is_redirect:
                    address, credentials = str(url.join(answer.headers.get("location", ""))), False
                    continue
                _check(answer)
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


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    gone = answer.status_code in (400, 404, 410)
    raise Unfetchable(f"penyedia kanal menjawab {answer.status_code}", for_good=gone)


async def _allowed(home: httpx.URL, address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, TypeError):
        raise Unfetchable("alamat berkas tidak sah", for_good=True) from None
    if (url.scheme, url.host, url.port) == (home.scheme, home.host, home.port) and url.host:
        return url
    if url.scheme != "https" or not url.host:
        raise Unfetchable("alamat berkas tidak aman", for_good=True)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            url.host, url.port or 443, type=socket.SOCK_STREAM
        )
    except OSError:
        raise Unfetchable("alamat berkas tidak ditemukan") from None
    if not found or not all(ip_address(str(one[4][0]).split("%")[0]).is_global for one in found):
        raise Unfetchable("alamat berkas menuju jaringan tertutup", for_good=True)
    return url
