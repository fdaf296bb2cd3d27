"""Conversations: a stored message is heard, what it leads to is done, and what we say goes into the outbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from lapor import database, words
from lapor.complaints import tickets
from lapor.complaints.desk import Filed, Filing, Refused, file
from lapor.database import transaction
from lapor.intake import (
    adding,
    channel_media,
    conversation,
    dialogue_rows,
    forwarding,
    pace,
    phrases,
    receipts,
    standings,
)
from lapor.intake.channels.interface import Delivered, Read, Reads, Unreadable
from lapor.intake.channels.talk import Receipt, Said, Talks
from lapor.intake.conversation_words import Known, spoken_in, worded
from lapor.intake.dialogue import ANONYMOUS, CONFIDENTIAL, FILED, UNHEARD, Dialogue, Ears, Reply, Turn
from lapor.intake.dialogue_rows import Talk
from lapor.intake.pace import Held
from lapor.registers import moment
from lapor.routing.directory import REGISTRY, Registry
from lapor.routing.words import spelled

__all__ = ["end_silences", "hear", "reader"]

_REPLIED_TO = """
SELECT c.ticket FROM message m JOIN complaint c ON c.id = m.complaint
WHERE m.provider_reference = $1 AND m.channel = $2 AND m.channel NOT IN ('email', 'console')
ORDER BY m.id DESC LIMIT 1"""


def reader(channel: Talks) -> Reads:
    """Return the reader of a channel on which people talk to us."""

    async def read(delivered: Delivered) -> Read:
        told = channel.parse(delivered.payload)
        if told is None:
            return Read(note="bukan pesan untuk kami")
        if isinstance(told, Receipt):
            return await receipts.note(delivered.channel, delivered.account, told)
        return await hear(delivered, told)

    return read


async def end_silences(batch: int = 100) -> int:
    """File, or let go, what nobody has gone on with for half an hour; return how many conversations that were."""
    for count in range(batch):
        async with transaction("worker"):
            talk = await dialogue_rows.silent()
            if talk is None:
                return count
            assert talk.dialogue is not None
            act = await _Act.of(talk, conversation.after_silence(talk.dialogue), talk.heard_at)
            await act.do(f"silence:{talk.id}:{talk.heard_at.timestamp():.6f}")
    return batch


async def hear(delivered: Delivered, said: Said, manner: Callable[[Turn], Turn] | None = None) -> Read:
    """Do what a message leads to; `manner` makes of a turn what it is on a channel where people talk otherwise."""
    talk = await dialogue_rows.held(delivered.channel, delivered.account, said, delivered.received_at)
    if waits := await pace.count(talk.id, delivered.id, said.heard):
        return await _held_back(talk, said.heard.text, waits, delivered.received_at)
    if said.heard.sticker and (talk.dialogue is None or talk.dialogue.step in (FILED, forwarding.FORWARDED)):
        return Read(note="bukan pesan untuk kami")
    await channel_media.note(talk, said.media, delivered.received_at)
    if (forwarded := await forwarding.heard(delivered, talk, said)) is not None:
        return forwarded
    registry = await REGISTRY.get((await moment()).version)
    dialogue = talk.dialogue if talk.dialogue and talk.dialogue.step != forwarding.FORWARDED else None
    if dialogue is None and (asked := await standings.asked_about(talk.externals)):
        # An agency has asked, and this is what its reporter says next.
        dialogue = Dialogue(step=FILED, ticket=asked)
    replied_to = await database.fetchval(_REPLIED_TO, said.replies_to, delivered.channel)
    heard = replace(said.heard, replies_to=replied_to or "")
    names = registry.place_names

    def places(text: str) -> tuple[str, ...]:
        return tuple(code for code in names.find(text).codes if code in registry.regions)

    turn = conversation.hear(dialogue, heard, Ears(places, _ticket))
    turn = manner(turn) if manner else turn
    text = heard.text or UNHEARD.get(heard.unheard, "")
    act = await _Act.of(talk, turn, delivered.received_at, text, heard.album)
    done = await act.do(f"said:{delivered.id}")
    if done.complaint is None and phrases.sells(said.heard.text):
        return Read(note="tampaknya iklan", left=True)
    return done


async def _held_back(talk: Talk, text: str, held: Held, received_at: datetime) -> Read:
    """Say once a day that the rest waits, and to whoever calls for help at once where it is; raises Unreadable."""
    language = phrases.language_of(text, talk.dialogue.language if talk.dialogue else "")
    act = await _Act.of(talk, Turn(talk.dialogue, language=language), received_at)
    what = "slow" if held.until else "too_much"
    says = {f"{what}:{talk.id}:{held.day}": Reply(what)}
    if phrases.emergency(spelled(text).split()):
        says[f"slow_emergency:{talk.id}:{held.window}"] = Reply("emergency")
    with spoken_in(language):
        for key, reply in says.items():
            await dialogue_rows.say(talk.id, key, worded([reply], talk.dialogue, act.known), language)
    if held.until is None:
        raise Unreadable(pace.FOR_A_PERSON)
    return Read(note=pace.WAITS, later=held.until)


@dataclass
class _Act:
    """What a turn leads to, on its way; `replies` are what is said in the end."""

    talk: Talk
    turn: Turn
    received_at: datetime
    registry: Registry
    now: datetime
    text: str
    album: str
    replies: list[Reply]
    dialogue: Dialogue | None
    known: Known

    @classmethod
    async def of(cls, talk: Talk, turn: Turn, received_at: datetime, text: str = "", album: str = "") -> _Act:
        """The beginning of it."""
        seen = await moment()
        registry = await REGISTRY.get(seen.version)
        region = registry.regions.get(registry.default_region)
        known = Known(
            region=region.name if region else "",
            place=_place(turn.dialogue, registry),
            emergency_numbers=registry.numbers(_region(turn.dialogue, registry)),
        )
        replies = list(turn.says)
        return cls(talk, turn, received_at, registry, seen.at, text, album, replies, turn.dialogue, known)

    async def do(self, key: str) -> Read:
        """Do it, keep where the conversation stands, and say what there is to say; return what became of it."""
        with spoken_in(self.turn.language):
            complaint = await self._acted()
            if self.dialogue is None:
                await channel_media.let_go(self.talk.id)
            await dialogue_rows.keep(self.talk, self.dialogue, received_at=self.received_at, now=self.now)
            if self.replies:
                spoken = worded(self.replies, self.dialogue, self.known)
                await dialogue_rows.say(self.talk.id, key, spoken, self.turn.language)
        return Read(complaint)

    async def _acted(self) -> int | None:
        if self.turn.act == "file":
            return await self._file()
        if self.turn.act == "add":
            return await self._add()
        if self.turn.act == "join":
            return await self._join()
        if self.turn.act == "look":
            await self._look()
        return None

    async def _file(self) -> int:
        """File what was told; its acknowledgement is the answer, with the ticket first."""
        assert self.dialogue is not None
        filed = await file(_filing(self.dialogue, self.talk, self.received_at), role="worker")
        await channel_media.belongs_to(self.talk.id, filed.complaint_id)
        self.dialogue = _after(self.dialogue, filed)
        return filed.complaint_id

    async def _add(self) -> int | None:
        ticket = self.turn.ticket
        complaint = await adding.complaint_of_any(ticket, self.talk.externals)
        if complaint is None:
            await self._look()
            self.replies = [*self.replies, Reply("not_yours")] if self.known.standings else self.replies
            return None
        self.known = replace(self.known, ticket=words.ticket(ticket))
        try:
            added = await adding.add(complaint, self.text or "(foto)")
        except Refused:
            self.replies = [Reply("closed")]
            return complaint
        await channel_media.belongs_to(self.talk.id, complaint, added.statement)
        if self.dialogue is None or self.dialogue.step == FILED:
            self.dialogue = Dialogue(
                self.turn.language, FILED, ticket=ticket, album=self.album, statement=added.statement
            )
        return complaint

    async def _join(self) -> int | None:
        """Photos that came with the one that has just been added: they belong to the same words."""
        assert self.dialogue is not None
        complaint = await adding.complaint_of_any(self.turn.ticket, self.talk.externals)
        if complaint is not None:
            await channel_media.belongs_to(self.talk.id, complaint, self.dialogue.statement)
        return complaint

    async def _look(self) -> None:
        ticket = self.turn.ticket
        if not ticket:
            filed = self.dialogue.ticket if self.dialogue and self.dialogue.step == FILED else ""
            told = await standings.of_sender(self.talk.externals, filed)
        else:
            standing = await standings.of_ticket(ticket)
            told = [standing] if standing else []
        self.known = replace(self.known, standings=told)
        self.replies = [Reply("unknown" if ticket and not told else "standing")]


def _filing(dialogue: Dialogue, talk: Talk, received_at: datetime) -> Filing:
    codes = {code.count("."): code for code in dialogue.codes}
    return Filing(
        type="complaint",
        text=dialogue.text,
        district=codes.get(2),
        village=codes.get(3),
        address=dialogue.address,
        latitude=dialogue.point[0] if dialogue.point else None,
        longitude=dialogue.point[1] if dialogue.point else None,
        name=talk.name,
        phone=talk.phone,
        anonymous=dialogue.privacy == ANONYMOUS,
        confidential=dialogue.privacy == CONFIDENTIAL,
        channel=talk.channel,
        language=dialogue.language,
        external_id=talk.external,
        received_at=talk.received_at or received_at,
    )


def _after(dialogue: Dialogue, filed: Filed) -> Dialogue:
    """What is left of a dialogue once its complaint stands in the record: whose words the next ones are."""
    return Dialogue(language=dialogue.language, step=FILED, ticket=filed.ticket)


def _ticket(text: str) -> str | None:
    try:
        return tickets.parse(text)
    except ValueError:
        return None


def _place(dialogue: Dialogue | None, registry: Registry) -> str:
    codes = [code for code in (dialogue.codes if dialogue else ()) if code.count(".") >= 1]
    return ", ".join(registry.regions[code].name for code in codes)


def _region(dialogue: Dialogue | None, registry: Registry) -> str:
    return dialogue.codes[0] if dialogue and dialogue.codes else registry.default_region
