"""Photos of a complaint: the reporter's, with the report or a reply, and the agency's proof of what it did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from lapor import crypto, database
from lapor.complaints.actor import Actor
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held, holding
from lapor.complaints.pictures import ALIKE, MEDIA_TYPE, Picture

Purpose = Literal["report", "reply", "proof", "answer"]

MOST_PHOTOS: Final = 5
MOST_OF_REPORTER: Final = 30
# What `attachment.flagged` says: like a photo of the reporter, or like the proof of the complaint with this id.
LIKE_REPORTER: Final = "reporter"
LIKE_PROOF: Final = "proof:"

_INSERT = """
INSERT INTO attachment (id, complaint, statement, purpose, media_type, width, height, sha256, likeness, salt, body,
  flagged, stored_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"""
_THERE = """
SELECT sha256 FROM attachment WHERE complaint = $1 AND purpose = $2 AND statement IS NOT DISTINCT FROM $3"""
_COUNT = "SELECT count(*) FROM attachment WHERE complaint = $1 AND purpose IN ('report', 'reply')"
_LIKENESS = "SELECT complaint, purpose, equal FROM photo_likeness($1, $2, $3, $4)"


@dataclass(frozen=True)
class Proof:
    """A proof that was compared with what is known; `flagged` says what it looks like, if anything."""

    picture: Picture
    flagged: str | None


async def add_photos(
    actor: Actor, complaint: int, photos: Sequence[Picture], statement: int | None = None
) -> None:
    """Add the reporter's photos to the report itself, or to a reply of theirs; those that stand there already are passed over."""
    async with holding(actor, complaint) as held:
        if not actor.is_reporter:
            raise Refused("Hanya pelapor yang dapat melakukan ini.")
        await attach(held, "reply" if statement else "report", photos, statement)


async def attach(
    held: Held, purpose: Purpose, photos: Sequence[Picture], statement: int | None = None
) -> None:
    """Store the reporter's photos, each once beside the same report or statement; Refused when there are too many."""
    there = {row["sha256"] for row in await database.fetch(_THERE, held.id, purpose, statement)}
    new = {photo.sha256: photo for photo in photos if photo.sha256 not in there}
    if not new:
        return
    if len(new) > MOST_PHOTOS:
        raise Refused(f"Paling banyak {MOST_PHOTOS} foto sekaligus.", "photos")
    if len(new) + await database.fetchval(_COUNT, held.id) > MOST_OF_REPORTER:
        raise Refused(f"Laporan ini sudah memuat {MOST_OF_REPORTER} foto. Kirim tanpa foto.", "photos")
    for photo in new.values():
        await _store(held, purpose, photo, statement)


async def examine(held: Held, photos: Sequence[Picture]) -> list[Proof]:
    """Compare proofs with the proofs of other complaints and with the reporter's own photos of this one.

    Raises Refused for one that is equal, or for too many; what looks alike comes back flagged.
    """
    if len(photos) > MOST_PHOTOS:
        raise Refused(f"Paling banyak {MOST_PHOTOS} foto sekaligus.", "photos")
    found = {photo.sha256: await _examined(held, number, photo) for number, photo in enumerate(photos, 1)}
    return list(found.values())


async def attach_proof(held: Held, proofs: Sequence[Proof], statement: int) -> None:
    """Store proofs beside the claim that they prove."""
    for proof in proofs:
        await _store(held, "proof", proof.picture, statement, proof.flagged)


async def attach_answer(held: Held, photos: Sequence[Picture], statement: int) -> None:
    """Store the agency's photos beside an answer; raises Refused when there are too many."""
    new = {photo.sha256: photo for photo in photos}
    if len(new) > MOST_PHOTOS:
        raise Refused(f"Paling banyak {MOST_PHOTOS} foto sekaligus.", "photos")
    for photo in new.values():
        await _store(held, "answer", photo, statement)


async def _examined(held: Held, number: int, photo: Picture) -> Proof:
    like = await database.fetchrow(_LIKENESS, held.id, photo.sha256, photo.likeness, ALIKE)
    if like is None:
        return Proof(photo, None)
    reporters = like["purpose"] != "proof"
    if like["equal"]:
        whose = "foto dari pelapor" if reporters else "foto bukti laporan lain"
        raise Refused(f"Foto ke-{number} sama dengan {whose}. Kirim foto hasil pekerjaan ini.", "photos")
    return Proof(photo, LIKE_REPORTER if reporters else f"{LIKE_PROOF}{like['complaint']}")


async def _store(
    held: Held, purpose: Purpose, photo: Picture, statement: int | None, flagged: str | None = None
) -> None:
    attachment: int = await database.fetchval("SELECT nextval('attachment_id_seq')")
    salt = crypto.new_salt()
    await database.execute(
        _INSERT,
        attachment,
        held.id,
        statement,
        purpose,
        MEDIA_TYPE,
        photo.width,
        photo.height,
        photo.sha256,
        photo.likeness,
        salt,
        crypto.keyring().encrypt(photo.body, context(attachment)),
        flagged,
        held.at,
    )
    facts: dict[str, object] = {"attachment": attachment, "purpose": purpose}
    if flagged:
        # The chain of this complaint names no other one.
        facts["like"] = flagged.partition(":")[0]
    await held.record("photo_added", facts=facts, digest=crypto.digest(salt, photo.body))


def context(attachment: int) -> str:
    """Return what the encrypted body of a photo is bound to."""
    return f"attachment:{attachment}"
