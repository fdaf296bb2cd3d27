"""The deployment in which a replay takes place: regions, agencies, topics and people made from the history."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import asyncpg

from lapor import database, pack
from lapor.pack import Manifest, Pack
from lapor.pack.registers import Row
from lapor.replay.history import Record

COORDINATING = "replay-koordinator"
ROLES = (("kepala", "agency_head"), ("petugas", "staff"))
LEADERS = (("kepala-daerah", "head_of_region"), ("sekda", "sekda"))
POLICIES = Path(__file__).parent.parent.parent / "packs" / "contoh"
RESPONSE_HOURS = 48


def code_of(name: str) -> str:
    """Return a code made from a name: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].rstrip("-") or "tanpa-nama"


class Setting:
    """Codes of everything that the history names, and the hours within which an answer is due."""

    def __init__(
        self, records: Sequence[Record], timezone: str, response_hours: int = RESPONSE_HOURS
    ) -> None:
        self.records = records
        self.timezone = timezone
        self.response_hours = response_hours
        codes = [place[0] for record in records for place in (record.district, record.village) if place]
        if codes:
            self.city = ".".join(Counter(codes).most_common(1)[0][0].split(".")[:2])
        else:
            self.city = "99.99"
        self.agencies = _unique(record.agency for record in records)
        self.topics = _unique(record.topic for record in records)

    def pack(self) -> Pack:
        """Return the region pack of this history; what is not asked for otherwise is as in the example region."""
        example = pack.load(POLICIES)
        years = range(self.records[0].filed_at.year, self.records[-1].filed_at.year + 3)
        return Pack(
            Manifest("replay", "1.0.0", self.city),
            {
                "region": tuple(self._regions()),
                "agency": tuple(self._agency_rows()),
                "office": tuple(self._office_rows()),
                "category": tuple(self._category_rows()),
                "routing_rule": tuple(self._rule_rows()),
                "calendar_year": tuple(
                    {"region": self.city, "year": year, "source": "replay"} for year in years
                ),
                "policy": tuple(self._policy(row) for row in example.rows("policy")),
            },
        )

    def _policy(self, row: Row) -> Row:
        """The same policy; that of the response with the length asked for, its reminders as far along as before."""
        if row["clock"] != "response":
            return row

        def moved(rung: Row) -> Row:
            offset = rung["offset_minutes"]
            return {
                **rung,
                "offset_minutes": offset * self.response_hours // row["amount"]
                if rung["base"] == "start"
                else offset,
            }

        return {**row, "amount": self.response_hours, "rung": [moved(rung) for rung in row["rung"]]}

    def _regions(self) -> Iterable[Row]:
        province = self.city.split(".")[0]
        named: dict[str, tuple[str, str, str | None]] = {
            province: (province, "province", None),
            self.city: (self.city, "city", province),
        }
        for record in self.records:
            if record.district:
                named.setdefault(record.district[0], (record.district[1], "district", self.city))
        for record in self.records:
            if record.village and record.village[0].rpartition(".")[0] in named:
                above = record.village[0].rpartition(".")[0]
                named.setdefault(record.village[0], (record.village[1], "urban_village", above))
        for code, (name, kind, parent) in named.items():
            yield {
                "code": code,
                "name": name,
                "kind": kind,
                "parent": parent,
                "timezone": self.timezone,
                "live_from": None,
            }

    def _agency_rows(self) -> Iterable[Row]:
        yield self._agency(COORDINATING, "Koordinator", "dinas", coordinating=True)
        kinds = {record.agency: record.agency_kind for record in self.records}
        for name, code in self.agencies.items():
            yield self._agency(code, name, kinds[name])

    def _agency(self, code: str, name: str, kind: str, *, coordinating: bool = False) -> Row:
        return {
            "code": code,
            "name": name[:160],
            "short_name": name[:40],
            "kind": kind,
            "region": self.city,
            "parent": None,
            "place": None,
            "coordinating": coordinating,
            "email": "",
            "phone": "",
            "live_from": None,
        }

    def _office_rows(self) -> Iterable[Row]:
        offices = [(code, suffix, role) for code in self.agencies.values() for suffix, role in ROLES]
        offices += [
            (COORDINATING, suffix, role) for suffix, role in (*LEADERS, ("koordinator", "coordinator"))
        ]
        for code, suffix, role in offices:
            yield {
                "code": f"{code}.{suffix}",
                "agency": code,
                "title": suffix.capitalize(),
                "role": role,
                "named_desk": False,
            }

    def _category_rows(self) -> Iterable[Row]:
        for name, code in self.topics.items():
            yield {
                "code": code,
                "name": name[:120],
                "name_en": "",
                "type": "complaint",
                "hint": "",
                "emergency": False,
                "protected": False,
                "completion_class": "complaint",
                "completion_days": None,
                "publish": "never",
                "position": 100,
            }

    def _rule_rows(self) -> Iterable[Row]:
        """One rule per topic, to the agency that answered most of it; the rest is for the coordinator."""
        counts: dict[str, Counter[str]] = {}
        for record in self.records:
            counts.setdefault(record.topic, Counter())[record.agency] += 1
        for topic, code in self.topics.items():
            agency = counts[topic].most_common(1)[0][0]
            yield {
                "code": code,
                "position": 100,
                "categories": (code,),
                "words": (),
                "places": (),
                "types": (),
                "channels": (),
                "agency": self.agencies[agency],
                "office_of": None,
                "reason": f"Topik {topic}"[:300],
            }


def _unique(names: Iterable[str]) -> dict[str, str]:
    codes: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        if name not in codes:
            code, number = code_of(name), 2
            while code in taken:
                code, number = f"{code_of(name)[:36]}-{number}", number + 1
            codes[name] = code
            taken.add(code)
    return codes


async def prepare(owner_url: str, setting: Setting) -> dict[str, int]:
    """Make an empty, migrated database the simulation of this history; return who works in which agency.

    The keys of the result are agency codes; the value is the person who answers there, or coordinates.
    """
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute("UPDATE deployment SET simulation = true WHERE id = 1")
        # A replay that a crash cuts off is simply run again; it need not wait for the disk.
        name = await connection.fetchval("SELECT quote_ident(current_database())")
        await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        database.configure(owner_url)
        await pack.apply(setting.pack())
        await connection.execute(
            "INSERT INTO person (username, password, email, full_name, phone, active, admin, superuser,"
            " must_change_password) SELECT code, '!', code || '@replay.example', code, '', true, false, false, false"
            " FROM agency"
        )
        await connection.execute(
            "INSERT INTO appointment (office, person, kind, starts_at)"
            " SELECT o.id, p.id, 'definitive', $1 FROM office o JOIN agency a ON a.id = o.agency"
            " JOIN person p ON p.username = a.code",
            setting.records[0].filed_at,
        )
        return {
            row["username"]: row["id"] for row in await connection.fetch("SELECT username, id FROM person")
        }
    finally:
        await connection.close()
