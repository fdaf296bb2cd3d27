"""The head's account hands on a thread: its link and its words become a complaint of whoever wrote there.

Who may do that is a field of the channel's account. They are never its reporter; what they hand on twice is one.
"""

from __future__ import annotations

from dataclasses import replace

from lapor import channel_accounts, words
from lapor.complaints.filing import TEXT_LIMIT, Filing, file
from lapor.complaints.remarking import remark
from lapor.complaints.statements import TEXT_LIMIT as NOTE_LIMIT
from lapor.intake import channel_media, dialogue_rows, phrases, threads
from lapor.intake.channels.interface import Delivered, Read
from lapor.intake.channels.messenger import Comment
from lapor.intake.channels.talk import Said
from lapor.intake.conversation_words import Spoken, spoken_in
from lapor.intake.dialogue import FILED, UNHEARD, Dialogue
from lapor.intake.dialogue_rows import Talk
from lapor.intake.thread_links import Linked, linked
from lapor.intake.threads import Known, Thread
from lapor.locales import say
from lapor.registers import moment
from lapor.routing.directory import REGISTRY
from lapor.routing.words import spelled

CHANNEL = "social"
# The secret of an account in which those stand who may hand on: ids, numbers or handles, with spaces between.
FORWARDERS = "forwarders"
# Where a conversation stands after somebody handed on: what follows belongs to that complaint.
FORWARDED = "forwarded"
NO_WORDS = "(Diteruskan tanpa kata-kata. Lihat tautannya.)"


async def may_forward(channel: str, account: str, *names: str) -> bool:
    """Return whether somebody whom the provider calls by one of these names may hand on; inside one of `worker`."""
    asked = {name.lower().removeprefix("@") for name in names if name}
    for one in await channel_accounts.listening(channel):
        if one.name == account:
            known = one.secrets.get(FORWARDERS, "").lower().split()
            return not asked.isdisjoint(name.removeprefix("@") for name in known)
    return False


async def heard(delivered: Delivered, talk: Talk, said: Said) -> Read | None:
    """Take what somebody hands on in a conversation, and answer; None for everything else that is said."""
    with spoken_in("id"):
        return await _heard(delivered, talk, said)


async def _heard(delivered: Delivered, talk: Talk, said: Said) -> Read | None:
    going_on = talk.dialogue if talk.dialogue and talk.dialogue.step == FORWARDED else None
    told = linked(said.heard.text)
    if told is None:
        return await _more(delivered, talk, said, going_on) if going_on else None
    if not await may_forward(delivered.channel, delivered.account, said.sender, said.phone):
        return None
    before = talk.dialogue.text if talk.dialogue and talk.dialogue.step not in (FILED, FORWARDED) else ""
    if before and before not in UNHEARD.values():
        told = replace(told, words=f"{before}\n{told.words}".strip())
    found = await threads.known(told.link)
    if found:
        complaint, ticket = found.complaint, found.ticket
        await _note_again(found, told.words)
        answer = say("Tautan ini sudah kami terima. Tenggatnya tidak berubah.")
        if found.forwarded:
            answer += " " + say("Nomornya {ticket}.").format(ticket=words.ticket(ticket))
    else:
        thread = Thread(link=told.link, forwarded=True)
        complaint, ticket = await _file(delivered, told, thread, talk)
        answer = say("{ticket}: tautan ini sudah menjadi laporan. Fotonya boleh dikirim sekarang.").format(
            ticket=words.ticket(ticket)
        )
    await channel_media.belongs_to(talk.id, complaint)
    await _answer(delivered, talk, answer, Dialogue(step=FORWARDED, ticket=ticket))
    return Read(complaint, "diteruskan dari akun kepala daerah")


async def pointed_at(delivered: Delivered, comment: Comment) -> Read:
    """Take the thread below which the head's account has named us; nothing is said there."""
    found = await threads.known(comment.link, comment.parent, comment.id)
    if found is None and not comment.names(delivered.account):
        return Read(note="komentar akun kepala daerah sendiri")
    if found:
        await _note_again(found, comment.text)
        return Read(found.complaint, "diteruskan dari akun kepala daerah, sudah ada")
    thread = Thread(
        link=comment.link,
        account=delivered.account,
        # Below the resident's own words, where the provider says which they are.
        comment=comment.parent or comment.id,
        instagram=comment.instagram,
        forwarded=True,
    )
    complaint, _ = await _file(delivered, Linked(comment.link, comment.text), thread, None)
    return Read(complaint, "diteruskan dari akun kepala daerah")


async def _more(delivered: Delivered, talk: Talk, said: Said, dialogue: Dialogue) -> Read | None:
    """Photos and words that follow belong to what was handed on; a greeting or a command begins anew."""
    spoken = spelled(said.heard.text).split()
    if said.heard.choice or phrases.command(spoken) or phrases.greeting(spoken):
        return None
    complaint = await threads.of_ticket(dialogue.ticket)
    if complaint is None:
        return None
    await channel_media.belongs_to(talk.id, complaint)
    answer = ""
    if spoken and not phrases.thanks(spoken):
        await _remark(complaint, said.heard.text)
        answer = say("Sudah kami catat pada laporan {ticket}.").format(ticket=words.ticket(dialogue.ticket))
    await _answer(delivered, talk, answer, dialogue)
    return Read(complaint, "tambahan dari akun kepala daerah")


async def _file(delivered: Delivered, told: Linked, thread: Thread, talk: Talk | None) -> tuple[int, str]:
    """File it for whoever wrote there; return the complaint and its ticket."""
    registry = await REGISTRY.get((await moment()).version)
    found = registry.place_names.find(told.words).codes
    codes = {code.count("."): code for code in found if code in registry.regions}
    host = thread.link.removeprefix("https://").partition("/")[0]
    filed = await file(
        Filing(
            type="complaint",
            text=told.words[:TEXT_LIMIT] or NO_WORDS,
            district=codes.get(2),
            village=codes.get(3),
            name=f"@{told.handle}" if told.handle else "",
            channel=CHANNEL,
            # Nobody can be written to by it: it only says that two complaints are of the same handle.
            external_id=f"thread:{host}:{told.handle.lower()}" if told.handle else "",
            received_at=(talk.received_at if talk else None) or delivered.received_at,
        ),
        role="worker",
    )
    await threads.keep(filed.complaint_id, thread, delivered.received_at)
    return filed.complaint_id, filed.ticket


async def _note_again(found: Known, said: str) -> None:
    if said.strip():
        await _remark(found.complaint, said)


async def _remark(complaint: int, said: str) -> None:
    await remark(complaint, f"Diteruskan dari akun kepala daerah:\n\n{said}"[:NOTE_LIMIT], "forwarded")


async def _answer(delivered: Delivered, talk: Talk, text: str, dialogue: Dialogue) -> None:
    now = (await moment()).at
    await dialogue_rows.keep(talk, dialogue, received_at=delivered.received_at, now=now)
    if text:
        await dialogue_rows.say(talk.id, f"said:{delivered.id}", Spoken(text), "id")
