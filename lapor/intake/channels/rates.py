"""How fast a provider lets us send: to everybody together, and to one address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Rate:
    """`burst` messages at once, and then one every `seconds`: in any second no more than burst + 1 / seconds."""

    seconds: float
    burst: int = 1

    @classmethod
    def per_second(cls, count: int, burst: int = 1) -> Rate:
        """Return the rate that never lets more than so many leave in any second, `burst` of them at once."""
        return cls(1 / (count - burst) if count > burst else float(burst) / count, burst)


@dataclass(frozen=True)
class Rates:
    """What a provider allows; without a rate it is as fast as we are."""

    account: Rate | None = None
    address: Rate | None = None


UNLIMITED: Final = Rates()
