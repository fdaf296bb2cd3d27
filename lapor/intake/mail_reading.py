"""A stored mail is read: it becomes a complaint, or is added to the one that it answers, or is kept for a person to see.

Who wrote is believed by the address that a complaint was filed with, or by a token that only our letter carried. A
ticket alone proves nothing: whoever knows one may have read it somewhere.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from lapor import crypto, database
from lapor.complaints import desk, sent_files
from lapor.complaints.desk import Actor, Filing
from lapor.complaints.photos import MOST_OF_REPORTER, MOST_PHOTOS
from lapor.complaints.statements import TEXT_LIMIT
from lapor.intake import adding, bounces, mail_asking, mail_filing, mail_photos, mail_reports, mail_threads
from lapor.intake.channels.interface import Delivered, Read, Unreadable
from lapor.intake.mail_automatic import BOUNCE, NOBODY, SPAM
from lapor.intake.mail_filing import CHANNEL
from lapor.intake.mail_parsing import Mail, parse
from lapor.intake.mail_photos import Photos
from lapor.registers import moment
from lapor.routing.directory import REGISTRY

# What goes back to whoever wrote, besides the letters of the complaint itself.
REFUSED_FILES: Final = "attachments_refused"
NOT_ADDED: Final = "mail_not_added"
ONLY_FILES: Final = "(lampiran)"
# One sender's complaints beyond this, or what the mailbox allows, wait for a person: a programme has gone wrong, or
# somebody floods. 0 is without limit.
MOST_AN_HOUR: Final = 30
_HOUR: Final = timedelta(hours=1)

_BY_TICKET = "SELECT id FROM complaint WHERE ticket = $1"
_STANDING = """
SELECT c.status IN ('closed', 'rejected') AS ended,
  (SELECT count(*) FROM attachment a WHERE a.complaint = c.id AND a.purpose IN ('report', 'reply')) AS photos
FROM complaint c WHERE c.id = $1"""
_LATELY = """
SELECT count(*) FROM identity i JOIN complaint c ON c.id = i.complaint
WHERE i.email_lookup = ANY ($1) AND c.filed_at > lapor_now() - $2::interval"""
_ALLOWED = """
SELECT coalesce((
  SELECT nullif(settings::jsonb->>'most_hour', '')::integer FROM channel_account WHERE channel = $1 AND name = $2), $3)"""
_OFFICER = """
SELECT EXISTS (SELECT FROM person WHERE active AND lower(email) = $1)
  OR EXISTS (SELECT FROM agency WHERE active AND lower(email) = $1)"""
_TELL = """
INSERT INTO message (dedupe_key, kind, complaint, state, attempts, next_attempt_at, created_at)
VALUES ($1, $2, $3, 'waiting', 0, lapor_now(), lapor_now()) ON CONFLICT (dedupe_key) DO NOTHING"""


async def read(delivered: Delivered) -> Read:
    """Read one mail; raises Unreadable for what a person has to look at."""
    if told := mail_reports.of_provider(delivered.payload):
        return await bounces.note(told)
    mail = parse(delivered.payload, delivered.account)
    if mail.automatic == BOUNCE and (told := mail_reports.reports(delivered.payload)):
        return await bounces.note(told)
    if mail.automatic or mail.spam:
        return Read(note=mail.automatic or SPAM, left=mail.automatic not in NOBODY)
    if not mail.sender:
        raise Unreadable("surel ini tidak menyebut alamat pengirim")
    complaint = await _meant(mail, delivered.account)
    if complaint is not None:
        return await _add(delivered, mail, complaint)
    await _check(mail, delivered.account)
    if not mail_filing.enough(mail):
        await mail_asking.ask(delivered, mail)
        return Read(note="terlalu singkat untuk menjadi laporan; pengirimnya ditanya", left=True)
    return await _file(delivered, mail)


async def _meant(mail: Mail, own_address: str) -> int | None:
    """The complaint that the mail belongs to, if its sender may speak for the reporter."""
    proven = mail_threads.addressed(mail.recipients, own_address)
    if proven is not None:
        found: int | None = await database.fetchval(_BY_TICKET, proven)
        return found
    for ticket in [] if mail.disowned else _named(mail):
        complaint = await adding.complaint_of(ticket, "email", mail.sender)
        if complaint is not None:
            return complaint
    return None


def _named(mail: Mail) -> list[str]:
    answered = mail_threads.answered(mail.answers)
    return [*([answered] if answered else []), *mail_threads.in_subject(mail.subject)]


async def _check(mail: Mail, mailbox: str) -> None:
    """Raise Unreadable for what shall not become a complaint by itself."""
    if mail.disowned and _named(mail):
        raise Unreadable("alamat pengirim surel ini tidak terbukti (DMARC), dan ia menyebut sebuah laporan")
    if _named(mail) and await database.fetchval(_OFFICER, mail.sender):
        raise Unreadable(
            "petugas membalas surat tentang sebuah laporan; tanggapan hanya dapat diberikan lewat meja"
        )
    keys = crypto.keyring().lookups(mail.sender, "email")
    most = await database.fetchval(_ALLOWED, CHANNEL, mailbox, MOST_AN_HOUR)
    if most and await database.fetchval(_LATELY, keys, _HOUR) >= most:
        raise Unreadable("terlalu banyak surel dari satu pengirim dalam satu jam")


async def _file(delivered: Delivered, mail: Mail) -> Read:
    photos = await mail_photos.opened(mail.attachments)
    filing = mail_filing.filing_of(mail, delivered.received_at)
    filed = await desk.file(await _placed(filing), role="worker")
    await _attach(filed.complaint_id, photos)
    return await _done(delivered, filed.complaint_id, photos)


async def _placed(filing: Filing) -> Filing:
    """The complaint with the place that its words name, where they leave no doubt."""
    registry = await REGISTRY.get((await moment()).version)
    guess = registry.place_names.find(filing.text)
    if not guess.sure:
        return filing
    codes = {code.count("."): code for code in guess.codes if code in registry.regions}
    return replace(filing, district=codes.get(2), village=codes.get(3))


async def _attach(complaint: int, photos: Photos, statement: int | None = None) -> None:
    actor = Actor.heard()
    for first in range(0, len(photos.usable), MOST_PHOTOS):
        await desk.add_photos(actor, complaint, photos.usable[first : first + MOST_PHOTOS], statement)
    for sent in photos.files:
        await sent_files.keep_file(actor, complaint, sent, statement)


async def _add(delivered: Delivered, mail: Mail, complaint: int) -> Read:
    standing = await database.fetchrow(_STANDING, complaint)
    assert standing is not None
    if standing["ended"]:
        return await _not_added(complaint)
    photos = await mail_photos.opened(mail.attachments, MOST_OF_REPORTER - standing["photos"])
    if not (mail.text or photos.usable or photos.files):
        raise Unreadable("balasan ini tidak berisi apa-apa")
    text = mail_filing.cut(mail.text or ONLY_FILES, TEXT_LIMIT)
    added = await adding.add(complaint, text)
    await _attach(complaint, photos, added.statement)
    return await _done(delivered, complaint, photos)


async def _not_added(complaint: int) -> Read:
    """Say that the complaint has ended and how to go on; once a day, so that two machines cannot write to each other."""
    today = (await database.now()).date().isoformat()
    await database.execute(_TELL, f"{NOT_ADDED}:{complaint}:{today}", NOT_ADDED, complaint)
    return Read(complaint, "laporan ini sudah ditutup; pengirimnya diberi tahu")


async def _done(delivered: Delivered, complaint: int, photos: Photos) -> Read:
    if photos.refused:
        await database.execute(_TELL, f"{REFUSED_FILES}:{delivered.id}", REFUSED_FILES, complaint)
    return Read(complaint, photos.note)


__all__ = ["CHANNEL", "MOST_AN_HOUR", "NOT_ADDED", "REFUSED_FILES", "read"]
