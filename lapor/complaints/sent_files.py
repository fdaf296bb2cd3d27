"""Voice messages, videos and documents that a reporter sent through a channel: kept byte for byte, encrypted, for a person.

Nobody here opens them: an officer saves one and listens or looks. Their kind is told by how they begin.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from lapor import crypto, database
from lapor.complaints.actor import Actor
from lapor.complaints.errors import Refused
from lapor.complaints.holding import holding
from lapor.complaints.photos import context

MOST_BYTES: Final = 16 * 1024 * 1024
MOST_FILES: Final = 20
# How a file begins, what it is then, and how it is called; the first that fits. Anything else is not kept.
_KINDS: Final = (
    (0, b"OggS", "audio/ogg", "suara", "ogg"),
    (0, b"ID3", "audio/mpeg", "suara", "mp3"),
    (0, b"\xff\xfb", "audio/mpeg", "suara", "mp3"),
    (0, b"#!AMR", "audio/amr", "suara", "amr"),
    (0, b"\xff\xf1", "audio/aac", "suara", "aac"),
    (4, b"ftypM4A", "audio/mp4", "suara", "m4a"),
    (4, b"ftyp", "video/mp4", "video", "mp4"),
    (0, b"%PDF-", "application/pdf", "dokumen", "pdf"),
    (0, b"PK\x03\x04", "application/zip", "dokumen", "zip"),
)
_COUNT = "SELECT count(*) FROM attachment WHERE complaint = $1 AND purpose IN ('report', 'reply')"
_THERE = "SELECT EXISTS (SELECT FROM attachment WHERE complaint = $1 AND sha256 = $2 AND purpose IN ('report', 'reply'))"
_INSERT = """
INSERT INTO attachment (id, complaint, statement, purpose, media_type, width, height, sha256, likeness, salt, body,
  stored_at, filename)
VALUES ($1, $2, $3, $4, $5, 0, 0, $6, 0, $7, $8, $9, $10)"""


@dataclass(frozen=True)
class SentFile:
    """A file that can be kept, with the kind that it is."""

    media_type: str
    name: str
    body: bytes = field(repr=False)


def read(raw: bytes) -> SentFile:
    """Return the file; raises Refused when it is empty, too large, or of no kind that is kept."""
    if len(raw) > MOST_BYTES:
        raise Refused("Berkasnya lebih dari 16 MB.", "documents")
    for offset, beginning, media_type, name, ending in _KINDS:
        if raw[offset : offset + len(beginning)] == beginning:
            return SentFile(media_type, f"{name}.{ending}", raw)
    raise Refused("Berkas jenis ini tidak dapat disimpan.", "documents")


async def keep_file(actor: Actor, complaint: int, sent: SentFile, statement: int | None = None) -> None:
    """Keep a reporter's file beside the report or beside a reply, once; raises Refused when there are too many."""
    async with holding(actor, complaint) as held:
        if not actor.is_reporter:
            raise Refused("Hanya pelapor yang dapat melakukan ini.")
        digest = hashlib.sha256(sent.body).digest()
        if await database.fetchval(_THERE, held.id, digest):
            return
        number: int = await database.fetchval(_COUNT, held.id)
        if number >= MOST_FILES + 30:
            raise Refused("Laporan ini sudah memuat terlalu banyak berkas.", "documents")
        attachment: int = await database.fetchval("SELECT nextval('attachment_id_seq')")
        salt = crypto.new_salt()
        purpose = "reply" if statement else "report"
        await database.execute(
            _INSERT,
            attachment,
            held.id,
            statement,
            purpose,
            sent.media_type,
            digest,
            salt,
            crypto.keyring().encrypt(sent.body, context(attachment)),
            held.at,
            f"{number + 1}-{sent.name}",
        )
        facts = {"attachment": attachment, "purpose": purpose}
        await held.record("document_added", facts=facts, digest=crypto.digest(salt, sent.body))
