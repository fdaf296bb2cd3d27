"""How often one address may do something: counted in Redis for all processes, in this process while Redis is away."""

from __future__ import annotations

import asyncio
from ipaddress import AddressValueError, IPv6Address, IPv6Network
from typing import Any

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from lapor import crypto
from lapor.pages import AnyRequest

log = structlog.get_logger()

HOUR = 3600
MINUTE = 60

_PATIENCE_SECONDS = 0.5
_REST_SECONDS = 5.0
_MOST_REMEMBERED = 50_000
# A provider gives one household a /64 at least (RFC 6177), so its last half says nothing.
_IPV6_HOUSEHOLD = 64


class Limiter:
    """Counts in windows that begin with the first use and end after their seconds."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            redis_url, socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS
        )
        self._rest_until = 0.0
        self._here: dict[str, tuple[int, float]] = {}

    async def spend(self, what: str, who: str, limit: int, seconds: int) -> int:
        """Count one use and return 0, or the seconds to wait when that was one too many. 0 as limit allows all."""
        if not limit:
            return 0
        # Redis never learns an address.
        key = f"limit:{what}:{crypto.keyring().lookup(who, 'address')}"
        count, left = await self._count(key, seconds)
        return max(left, 1) if count > limit else 0

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._redis.aclose()

    async def _count(self, key: str, seconds: int) -> tuple[int, int]:
        if asyncio.get_running_loop().time() >= self._rest_until:
            try:
                return await self._count_for_all(key, seconds)
            except (RedisError, OSError) as trouble:
                self._rest_until = asyncio.get_running_loop().time() + _REST_SECONDS
                log.warning("limits_counted_here", error=type(trouble).__name__)
        return self._count_here(key, seconds)

    async def _count_for_all(self, key: str, seconds: int) -> tuple[int, int]:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(key, 0, ex=seconds, nx=True)
            pipe.incr(key)
            pipe.ttl(key)
            _, count, left = await pipe.execute()
        return int(count), int(left)

    def _count_here(self, key: str, seconds: int) -> tuple[int, int]:
        now = asyncio.get_running_loop().time()
        if len(self._here) >= _MOST_REMEMBERED:
            self._here = {name: held for name, held in self._here.items() if held[1] > now}
        if len(self._here) >= _MOST_REMEMBERED:
            self._here.clear()
        count, ends = self._here.get(key, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + seconds
        self._here[key] = (count + 1, ends)
        return count + 1, int(ends - now) + 1


def address(request: AnyRequest) -> str:
    """Return who is asking: the address, of IPv6 its household. Proxies were resolved before, if they are ours."""
    host = request.client.host if request.client else ""
    try:
        whole = IPv6Address(host.partition("%")[0])
    except AddressValueError:
        return host
    if whole.ipv4_mapped:
        return str(whole.ipv4_mapped)
    return str(IPv6Network((whole, _IPV6_HOUSEHOLD), strict=False))


_limiters: dict[str, Limiter] = {}


async def spend(request: AnyRequest, what: str, limit: int, seconds: int) -> int:
    """Count one use of `what` by the address that asks; return 0, or the seconds it has to wait."""
    url: str = request.app.state.settings.redis_url
    if url not in _limiters:
        _limiters[url] = Limiter(url)
    return await _limiters[url].spend(what, address(request), limit, seconds)


async def close() -> None:
    """Close every connection of this process, at its end."""
    while _limiters:
        _, limiter = _limiters.popitem()
        await limiter.close()


def retry_after(seconds: int) -> dict[str, Any]:
    """Return the header that says when to come back (RFC 9110, 10.2.3)."""
    return {"Retry-After": str(seconds)}
