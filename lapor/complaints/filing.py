"""Filing: from what a resident gave to a complaint with its words, its reporter, its clocks and its first link."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lapor import crypto, database
from lapor.complaints.draft import WRITE, Draft, Filing, Taken, clocks_of, values_of
from lapor.complaints.errors import Refused
from lapor.complaints.masking import mask, mask_national_ids
from lapor.complaints.tables import CHANNELS
from lapor.database import Role, transaction
from lapor.registers import moment
from lapor.routing.directory import REGISTRY, CategoryEntry, Registry
from lapor.routing.rules import Facts as RoutingFacts
from lapor.routing.tables import COMPLAINT_TYPES
from lapor.sla.register import SCHEDULE

TEXT_LIMIT = 10_000
ANSWER_LIMIT = 200

# The channel by which each manner comes in: paper over the counter, incidents by telephone from the call centre.
MANNERS: Final = {"letter": "counter", "112": "phone"}

__all__ = ["ANSWER_LIMIT", "MANNERS", "TEXT_LIMIT", "Filed", "Filing", "Taken", "file"]


@dataclass(frozen=True)
class Filed:
    """What the reporter is told. `receipt_hash` is the first link of the complaint's chain, in hexadecimal."""

    complaint_id: int
    ticket: str
    secret: str
    agency_name: str
    agency_phone: str
    needs_triage: bool
    reason: str
    filed_at: datetime
    response_due_at: datetime
    timezone: str
    emergency: bool
    receipt_hash: str


async def file(filing: Filing, *, role: Role = "intake") -> Filed:
    """File a complaint in one transaction (the caller's, if there is one) and say who has it until when.

    `role` is `intake` for residents and operators and `worker` for stored deliveries. Raises
    Refused with the field to correct.
    """
    secret = crypto.new_secret()
    async with transaction(role, reporter_key=crypto.secret_hash(secret)):
        draft = await _decide(filing, secret)
        clocks = clocks_of(draft)
        await database.execute(WRITE, *values_of(draft, clocks))
        receipt: bytes = await database.fetchval(
            "SELECT hash FROM event WHERE complaint = $1 AND seq = 1", draft.id
        )
        if draft.published:
            await _publish(draft)
    response = next(clock for clock in clocks if clock.kind == "response")
    return Filed(
        complaint_id=draft.id,
        ticket=draft.ticket,
        secret="" if filing.sensor else secret,
        agency_name=draft.owner.name,
        agency_phone=draft.owner.phone,
        needs_triage=draft.decision.needs_triage,
        reason=draft.decision.reason,
        filed_at=draft.at,
        response_due_at=response.opened.due_at,
        timezone=draft.owner.timezone,
        emergency=bool(draft.category and draft.category.emergency),
        receipt_hash=receipt.hex(),
    )


async def _decide(filing: Filing, secret: str) -> Draft:
    seen = await moment()
    registry = await REGISTRY.get(seen.version)
    category = registry.categories.get(filing.category or "")
    _check(filing, registry, category)
    region = _region(filing, registry)
    decision = registry.decide(
        RoutingFacts(
            type=filing.type,
            category=filing.category or None,
            text=mask_national_ids(filing.own_words),
            place_codes=registry.chain(filing.village or filing.district),
            channel=filing.channel,
            reported_agency=filing.reported_agency or None,
            about_official=filing.about_official,
            region=region,
        )
    )
    owner = registry.agencies[decision.agency] if decision.agency else registry.coordinating(region)
    return Draft(
        filing=filing,
        at=filing.received_at or seen.at,
        registry=registry,
        schedule=await SCHEDULE.get(seen.version),
        category=category,
        region=region,
        decision=decision,
        owner=owner,
        id=await database.fetchval("SELECT nextval('complaint_id_seq')"),
        text=mask_national_ids(filing.words),
        secret=secret,
    )


def _check(filing: Filing, registry: Registry, category: CategoryEntry | None) -> None:
    if filing.type not in COMPLAINT_TYPES:
        raise Refused("Pilih jenis laporan.", "type")
    if filing.category and (category is None or not category.active):
        raise Refused("Pilih topik dari daftar, atau pilih “Tidak tahu”.", "category")
    _check_words(filing)
    if filing.channel not in CHANNELS:
        raise Refused("Kanal tidak dikenal.", "channel")
    if filing.taken and filing.taken.manner and MANNERS.get(filing.taken.manner) != filing.channel:
        raise Refused("Kanal tidak dikenal.", "channel")
    for name in ("district", "village"):
        code = getattr(filing, name)
        if code and code not in registry.regions:
            raise Refused("Pilih tempat dari daftar.", name)
    if filing.village and filing.district and filing.district not in registry.chain(filing.village):
        raise Refused("Kelurahan atau desa ini tidak berada di kecamatan yang dipilih.", "village")
    if filing.reported_agency and filing.reported_agency not in registry.agencies:
        raise Refused("Pilih kantor dari daftar.", "reported_agency")


def _check_words(filing: Filing) -> None:
    text = filing.text.strip()
    if not text:
        raise Refused("Ceritakan apa yang terjadi.", "text")
    if len(text) > TEXT_LIMIT:
        raise Refused(f"Cerita terlalu panjang. Paling banyak {TEXT_LIMIT} huruf.", "text")
    if any(len(said) > ANSWER_LIMIT for _, said in filing.answers):
        raise Refused(f"Jawaban terlalu panjang. Paling banyak {ANSWER_LIMIT} huruf.", "category")


def _region(filing: Filing, registry: Registry) -> str:
    """The region where it was filed: the city or regency of the place, else the deployment's own."""
    for code in registry.chain(filing.village or filing.district):
        if registry.regions[code].kind in ("city", "regency"):
            return code
    return registry.default_region


async def _publish(draft: Draft) -> None:
    filing = draft.filing
    category = draft.category.id if draft.category else None
    district = draft.registry.regions[filing.district].id if filing.district else None
    await database.execute(
        "INSERT INTO publication (complaint, kind, said_at, ticket, text, category, agency, district, filed_at,"
        " published_at) VALUES ($1, 'complaint', $2, $3, $4, $5, $6, $7, $2, $2)",
        draft.id,
        draft.at,
        draft.ticket,
        mask(draft.text),
        category,
        draft.owner.id,
        district,
    )
