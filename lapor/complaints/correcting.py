"""What was filed under the wrong heading: category, type and place, put right without moving any clock.

Every deadline stays what it was when it started, also when another policy would fit the new category. Protection is
only ever added: a category that protects closes the complaint at once, and only the coordinating admin or the
inspectorate, as far as they may read it, or the second person whom `protecting` asks, opens it again. Whether it is about an official is nobody's to correct.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lapor import database
from lapor.complaints import clocks, protecting
from lapor.complaints.actor import Actor
from lapor.complaints.clocks import Start, policy_facts
from lapor.complaints.drafting import must_be_free
from lapor.complaints.errors import Refused
from lapor.complaints.handing import must_be_named_desk
from lapor.complaints.holding import Held, holding
from lapor.complaints.statements import say
from lapor.complaints.states import ENDED, LABELS
from lapor.routing.directory import CategoryEntry
from lapor.routing.tables import COMPLAINT_TYPES

ADDRESS_LIMIT = 300
# Who may correct what another agency has, and take protection away.
ABOVE = ("coordinator", "inspector")
# How a change is named in the note about a complaint whose events say nothing of what it is about.
_NAMES = {"category": "kategori", "type": "jenis", "district": "kecamatan", "village": "kelurahan atau desa"}

_ADDRESS = "SELECT address FROM content WHERE complaint = $1"
_SET_ADDRESS = "UPDATE content SET address = $2 WHERE complaint = $1"
_PUBLIC = "UPDATE publication SET category = $2, district = $3 WHERE complaint = $1"
_EMERGENCY = "SELECT EXISTS (SELECT FROM clock WHERE complaint = $1 AND kind = 'emergency')"


@dataclass(frozen=True)
class Codes:
    """What can be corrected, in the codes of the registers; None where it is not known."""

    category: str | None
    type: str
    district: str | None
    village: str | None
    address: str


async def correct(
    actor: Actor,
    complaint: int,
    *,
    category: str | None = None,
    type: str | None = None,
    district: str | None = None,
    village: str | None = None,
    address: str | None = None,
    reason: str,
    version: int | None = None,
) -> None:
    """Correct what is given (None leaves a thing as it is, an empty place takes it away) and say why.

    The responsible agency does so, or the coordinating admin or the inspectorate of the region. The event holds
    codes before and after; of a hidden complaint it names only what was changed. Raises Refused with the field.
    """
    async with holding(actor, complaint, version) as held:
        above = await held.leads_region(ABOVE)
        await (held.must_read() if above else held.must_work())
        _must_be_open(held)
        before = await _present(held)
        after = _wanted(before, category, type, district, village, address)
        changed = [name for name in Codes.__annotations__ if getattr(before, name) != getattr(after, name)]
        if not changed:
            raise Refused("Tidak ada yang Anda ubah.", "category")
        entry = _check(held, before, after)
        # Only from above, and only by another category, does anything lose its protection.
        opens = above and "category" in changed
        protected = bool(entry and entry.protected) or (held.row["protected"] and not opens)
        emergency = bool(entry and entry.emergency) or (held.row["emergency"] and not opens)
        if protected:
            await must_be_named_desk(held.owner, "category")
        alone = protected and not held.row["protected"] and await protecting.by_own_hand(held)
        if alone:
            await must_be_free(held)
        hidden = protected or any(held.row[name] for name in ("protected", "confidential", "about_official"))
        note, digest = await say(held, "note", _told(reason, before, after, changed, hidden), field="reason")
        await _write(held, after, entry, protected=protected, emergency=emergency)
        await held.record("corrected", facts=_facts(before, after, changed, hidden), digest=digest)
        await _follow(held, after, entry, protected)
        if alone:
            await protecting.ask(held, note)
        elif held.row["protected"] and not protected:
            await protecting.overtake(held)


def _must_be_open(held: Held) -> None:
    status = held.row["status"]
    if status in ENDED:
        raise Refused(f"Ini tidak dapat dilakukan pada laporan yang berstatus “{LABELS[status]}”.")


async def _present(held: Held) -> Codes:
    places = {entry.id: entry.code for entry in held.registry.regions.values()}
    return Codes(
        held.category.code if held.category else None,
        held.row["type"],
        places.get(held.row["district"]),
        places.get(held.row["village"]),
        await database.fetchval(_ADDRESS, held.id) or "",
    )


def _wanted(
    before: Codes,
    category: str | None,
    type: str | None,
    district: str | None,
    village: str | None,
    address: str | None,
) -> Codes:
    return Codes(
        before.category if category is None else category or None,
        before.type if type is None else type,
        before.district if district is None else district or None,
        before.village if village is None else village or None,
        before.address if address is None else address.strip(),
    )


def _check(held: Held, before: Codes, after: Codes) -> CategoryEntry | None:
    """Return the category's entry; raises Refused for whatever is in no list or does not fit together."""
    regions, entry = held.registry.regions, held.registry.categories.get(after.category or "")
    if after.category != before.category and (entry is None or not entry.active):
        raise Refused("Pilih topik dari daftar.", "category")
    if after.type not in COMPLAINT_TYPES:
        raise Refused("Pilih jenis laporan.", "type")
    for field, kinds in (("district", ("district",)), ("village", ("village", "urban_village"))):
        code = getattr(after, field)
        if code and (code not in regions or regions[code].kind not in kinds):
            raise Refused("Pilih tempat dari daftar.", field)
    if after.district and after.district != before.district and not _within_region(held, after.district):
        raise Refused("Pilih tempat dari daftar.", "district")
    if after.village and after.district not in held.registry.chain(after.village):
        raise Refused("Kelurahan atau desa ini tidak berada di kecamatan yang dipilih.", "village")
    if after.address != before.address:
        if held.row["anonymous"]:
            raise Refused("Alamat lengkap tidak ditulis karena pelapor anonim.", "address")
        if len(after.address) > ADDRESS_LIMIT:
            raise Refused(f"Alamat terlalu panjang. Paling banyak {ADDRESS_LIMIT} huruf.", "address")
    return entry


def _within_region(held: Held, district: str) -> bool:
    """Whether the complaint's region is above the district: figures and the public copy follow the place."""
    chain = held.registry.chain(district)
    return any(held.registry.regions[code].id == held.row["region"] for code in chain)


async def _write(
    held: Held, after: Codes, entry: CategoryEntry | None, *, protected: bool, emergency: bool
) -> None:
    regions = held.registry.regions
    await held.set(
        category=entry.id if entry else None,
        type=after.type,
        district=regions[after.district].id if after.district else None,
        village=regions[after.village].id if after.village else None,
        protected=protected,
        emergency=emergency,
    )
    await database.execute(_SET_ADDRESS, held.id, after.address)


def _told(reason: str, before: Codes, after: Codes, changed: Sequence[str], hidden: bool) -> str:
    """The note: of a hidden complaint it holds the codes too, for those who may read its words."""
    if not hidden or not reason.strip():
        return reason
    moves = [
        f"{_NAMES[name]}: {getattr(before, name) or '–'} → {getattr(after, name) or '–'}"
        for name in changed
        if name in _NAMES
    ]
    return "\n".join([reason.strip(), *moves])


def _facts(before: Codes, after: Codes, changed: Sequence[str], hidden: bool) -> dict[str, Any]:
    # Whoever sees only the clocks reads events too: of a hidden complaint they say nothing of what it is about.
    facts: dict[str, Any] = {"changed": list(changed)}
    if not hidden:
        coded = [name for name in changed if name in _NAMES]
        facts["before"] = {name: getattr(before, name) for name in coded}
        facts["after"] = {name: getattr(after, name) for name in coded}
    return facts


async def _follow(held: Held, after: Codes, entry: CategoryEntry | None, protected: bool) -> None:
    """What follows: a public copy moves along or is taken back, and an emergency gets its clock from now on."""
    if held.row["published"] and protected:
        await held.set(published=False)
        await database.execute("DELETE FROM publication WHERE complaint = $1", held.id)
        await held.record("withdrawn")
    elif held.row["published"]:
        district = held.registry.regions[after.district].id if after.district else None
        await database.execute(_PUBLIC, held.id, entry.id if entry else None, district)
    if entry and entry.emergency and not await database.fetchval(_EMERGENCY, held.id):
        opened = held.schedule.open("emergency", policy_facts(after.type, entry, held.owner), held.at)
        await clocks.start(held.id, Start("emergency", opened, held.at, held.row["cycle"]))
