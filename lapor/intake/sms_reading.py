"""A stored SMS is read: its parts put together, BERHENTI and MULAI obeyed, everything else heard as a short conversation."""

from __future__ import annotations

from dataclasses import replace

from lapor import database
from lapor.intake import dialogue_rows, dialogues, receipts, sms_parts, stopped
from lapor.intake.channels.interface import Delivered, Read
from lapor.intake.channels.sms import Sms, Written
from lapor.intake.channels.talk import Receipt, Said
from lapor.intake.conversation_short import brief
from lapor.intake.conversation_words import Spoken, spoken_in
from lapor.intake.dialogue import Heard
from lapor.intake.phrases import language_of
from lapor.locales import say
from lapor.routing.words import spelled

_SMS = Sms()


async def read(delivered: Delivered) -> Read:
    """Read one; in a transaction of `worker`."""
    told = _SMS.parse(delivered.payload)
    if told is None:
        return Read(note="bukan dari seseorang yang dapat dijawab", left=True)
    if isinstance(told, Receipt):
        return await receipts.note(delivered.channel, delivered.account, told)
    text, note = told.text, ""
    if told.of > 1:
        found = await sms_parts.joined(delivered, told)
        if found is None:
            return Read(note="dibaca bersama bagian pertamanya")
        text, note = found
    said = Said(told.sender, _heard(text, told), phone=f"+{told.sender}", media=told.media)
    words = " ".join(spelled(text).split())
    if words in stopped.STOP:
        return await _stop(delivered, told, said)
    if words in stopped.START:
        await stopped.start(delivered.channel, delivered.account, told.sender)
        await _say(delivered, said, "started")
        return Read()
    done = await dialogues.hear(delivered, said, brief)
    return replace(done, note=note or done.note)


def _heard(text: str, told: Written) -> Heard:
    """The words, and what came beside them: pictures count, anything else is for a person to hear or see."""
    kinds = [one.kind for one in told.media]
    others = [kind for kind in kinds if kind != "photo"]
    return Heard(text=text, photos=kinds.count("photo"), unheard="" if text or not others else others[0])


async def _stop(delivered: Delivered, told: Written, said: Said) -> Read:
    """Nothing more is sent to them but this one answer, which says how to begin again."""
    await stopped.stop(delivered.channel, delivered.account, told.sender, _key(delivered))
    await _say(delivered, said, "stopped")
    return Read()


async def _say(delivered: Delivered, said: Said, what: str) -> None:
    talk = await dialogue_rows.held(delivered.channel, delivered.account, said, delivered.received_at)
    before = talk.dialogue.language if talk.dialogue else ""
    language = language_of(said.heard.text, before)
    with spoken_in(language):
        sentences = {
            "stopped": say("Baik, nomor ini tidak kami kirimi SMS lagi. Untuk memulai lagi, kirim MULAI."),
            "started": say("Kabar tentang laporan Anda kami kirim lagi. Untuk berhenti, kirim BERHENTI."),
        }
        spoken = Spoken(sentences[what])
    now = await database.now()
    await dialogue_rows.keep(talk, None, received_at=delivered.received_at, now=now)
    await dialogue_rows.say(talk.id, _key(delivered), spoken, language)


def _key(delivered: Delivered) -> str:
    return f"said:{delivered.id}"
