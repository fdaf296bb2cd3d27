"""How much of one sender is read at once: what goes beyond waits for its turn, and at last for a person.

Nothing is lost by it: every delivery is stored before it is read. What is counted are messages, by when they came or
were put off to, so that what piled up while nobody read is not taken for a flood.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from lapor import database
from lapor.intake.dialogue import Heard
from lapor.sla import alarms

WINDOW: Final = timedelta(minutes=10)
DAY: Final = timedelta(hours=24)
# What an account allows that says nothing else: by the setting's name.
USUAL: Final = {"most_window": 30, "most_day": 200}
# Photos without words come one by one where people send an album: so many count as one message.
ALBUM: Final = 10
WAITS: Final = "pengirimnya menulis sangat banyak; dibaca pada gilirannya"
FOR_A_PERSON: Final = "pengirimnya menulis terlalu banyak dalam satu hari; periksa sebelum dibaca lagi"
FLOOD: Final = "sender_flood"

_STATE = """
SELECT d.window_at, d.window_count, d.day_at, d.day_count, d.photo_count, greatest(i.received_at, i.next_attempt_at) AS at,
  a.id AS account, a.title, a.settings
FROM dialogue d JOIN inbound i ON i.id = $2 LEFT JOIN channel_account a ON a.channel = d.channel AND a.name = d.account
WHERE d.id = $1"""
_COUNT = """
UPDATE dialogue SET window_at = $2, window_count = $3, day_at = $4, day_count = $5, photo_count = $6 WHERE id = $1"""


@dataclass(frozen=True)
class Limits:
    """How many messages of one sender are read in a window, and in a day; 0 is without limit."""

    window: int = USUAL["most_window"]
    day: int = USUAL["most_day"]

    @classmethod
    def of(cls, settings: str | None) -> Limits:
        """Return those of an account's settings."""
        given: dict[str, Any] = json.loads(settings) if settings else {}
        numbers = (str(given.get(name, "")) for name in USUAL)
        return cls(
            *(
                int(one) if one.isdecimal() else usual
                for one, usual in zip(numbers, USUAL.values(), strict=True)
            )
        )


@dataclass(frozen=True)
class Pace:
    """What was read of a sender in the window, and in the day, that began then."""

    window_at: datetime | None = None
    window_count: int = 0
    day_at: datetime | None = None
    day_count: int = 0
    photo_count: int = 0

    def at(self, now: datetime) -> Pace:
        """The same, with windows that are over begun anew."""
        pace = self
        if pace.window_at is None or now >= pace.window_at + WINDOW:
            pace = replace(pace, window_at=now, window_count=0)
        if pace.day_at is None or now >= pace.day_at + DAY:
            pace = replace(pace, day_at=now, day_count=0)
        return pace

    def counted(self, heard: Heard) -> Pace:
        """The same, with this message."""
        alone = not (heard.text.strip() or heard.choice or heard.point or heard.unheard)
        photos = self.photo_count + 1 if heard.photos and alone else 0
        new = 0 if photos and photos % ALBUM != 1 else 1
        return replace(
            self, window_count=self.window_count + new, day_count=self.day_count + new, photo_count=photos
        )

    def allows(self, limits: Limits) -> bool:
        """Whether it stays within these limits."""
        return not self.beyond_day(limits) and (not limits.window or self.window_count <= limits.window)

    def beyond_day(self, limits: Limits) -> bool:
        """Whether a person has to look before anything more is read."""
        return bool(limits.day) and self.day_count > limits.day


@dataclass(frozen=True)
class Held:
    """A message that is not read now. `until` is None for one that waits for a person.

    `window` and `day` tell one window, and one day, of this sender from the others.
    """

    until: datetime | None
    window: str
    day: str


async def count(dialogue: int, delivery: int, heard: Heard) -> Held | None:
    """Count a message with its sender, whose row is locked; return how it is held back, None when it may be read.

    Inside a transaction of `worker`. The first one that is held back sounds an alarm.
    """
    row = await database.fetchrow(_STATE, dialogue, delivery)
    assert row is not None
    limits = Limits.of(row["settings"])
    before = Pace(
        row["window_at"], row["window_count"], row["day_at"], row["day_count"], row["photo_count"]
    ).at(row["at"])
    pace = before.counted(heard)
    if pace.allows(limits):
        await _keep(dialogue, pace)
        return None
    await _keep(dialogue, before)
    await _alarm(row)
    assert before.window_at
    assert before.day_at
    until = None if pace.beyond_day(limits) else before.window_at + WINDOW
    return Held(until, f"{before.window_at.timestamp():.0f}", f"{before.day_at.timestamp():.0f}")


def sentence(title: str) -> str:
    """Return what an alarm says about an account in which somebody writes too much."""
    return (
        f"Kanal {title}: satu pengirim menulis sangat banyak. Sisanya disimpan dan dibaca berangsur-angsur."
    )


async def _keep(dialogue: int, pace: Pace) -> None:
    await database.execute(
        _COUNT,
        dialogue,
        pace.window_at,
        pace.window_count,
        pace.day_at,
        pace.day_count,
        pace.photo_count,
    )


async def _alarm(row: asyncpg.Record) -> None:
    if row["account"] is not None:
        await alarms.sound(FLOOD, f"channel:{row['account']}", sentence(row["title"]))
