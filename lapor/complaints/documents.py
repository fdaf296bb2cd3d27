"""Documents that an agency sends with an answer: PDF, kept byte for byte, encrypted, and only ever handed out to be saved."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from lapor import crypto, database
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held
from lapor.complaints.photos import attach_answer, context
from lapor.complaints.pictures import Picture

MEDIA_TYPE: Final = "application/pdf"
MOST_DOCUMENTS: Final = 2
MOST_BYTES: Final = 10 * 1024 * 1024
# ISO 32000-1, 7.5.2 and 7.5.5: how a file begins and how it ends.
_BEGINS = b"%PDF-"
_ENDS = b"%%EOF"
_TAIL = 2048
_PLAIN = re.compile(r"[^\w .()\-]+")

_INSERT = """
INSERT INTO attachment (id, complaint, statement, purpose, media_type, width, height, sha256, likeness, salt, body,
  stored_at, filename)
VALUES ($1, $2, $3, 'answer', $4, 0, 0, $5, 0, $6, $7, $8, $9)"""


@dataclass(frozen=True)
class Document:
    """A document that can be kept, under a name that can be shown."""

    name: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Attached:
    """What goes with an answer."""

    photos: Sequence[Picture] = ()
    documents: Sequence[Document] = ()

    async def keep(self, held: Held, statement: int) -> None:
        """Store everything beside the statement, each with its digest in the chain."""
        await attach_answer(held, self.photos, statement)
        for document in self.documents:
            await _store(held, document, statement)


NOTHING: Final = Attached()


def count(files: Sequence[object]) -> None:
    """Raise Refused when there are too many."""
    if len(files) > MOST_DOCUMENTS:
        raise Refused(f"Paling banyak {MOST_DOCUMENTS} dokumen.", "documents")


def read(name: str, raw: bytes) -> Document:
    """Return the document; raises Refused when it is no PDF, or too large."""
    if len(raw) > MOST_BYTES:
        raise Refused("Berkasnya lebih dari 10 MB. Perkecil dahulu, lalu kirim lagi.", "documents")
    if not raw.startswith(_BEGINS) or _ENDS not in raw[-_TAIL:]:
        raise Refused("Berkas ini bukan PDF yang utuh. Kirim dokumen sebagai PDF.", "documents")
    return Document(shown_name(name), raw)


def shown_name(name: str) -> str:
    """Return a name under which it can be saved anywhere, with the ending of its kind."""
    stem = PurePath(name.replace("\\", "/")).stem
    plain = " ".join(_PLAIN.sub(" ", stem).split()).strip(" .")
    return f"{plain[:80] or 'dokumen'}.pdf"


async def _store(held: Held, document: Document, statement: int) -> None:
    attachment: int = await database.fetchval("SELECT nextval('attachment_id_seq')")
    salt = crypto.new_salt()
    await database.execute(
        _INSERT,
        attachment,
        held.id,
        statement,
        MEDIA_TYPE,
        hashlib.sha256(document.body).digest(),
        salt,
        crypto.keyring().encrypt(document.body, context(attachment)),
        held.at,
        document.name,
    )
    facts = {"attachment": attachment, "purpose": "answer"}
    await held.record("document_added", facts=facts, digest=crypto.digest(salt, document.body))
