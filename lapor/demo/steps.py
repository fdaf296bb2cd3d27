"""The steps of the check. Each returns what it saw, or raises Unexpected with what it saw instead."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Self, cast

import asyncpg

from lapor.complaints import tickets
from lapor.demo import counter
from lapor.demo.browser import Browser
from lapor.demo.cast import COMMAND_SECONDS, VILLAGE, Cast, end, expect
from lapor.demo.inside import Inside
from lapor.demo.providers import CHANNELS, PHOTOS
from lapor.demo.run import Demonstration
from lapor.settings import PREFIX

POTHOLE = "Lubang besar di tengah jalan dekat pasar, sudah dua minggu belum diperbaiki."
LAMP = "Lampu jalan di tanjakan mati sejak Senin, gelap sekali pada malam hari."
RUBBISH = "Sampah di tempat penampungan sementara tidak diangkut sejak lima hari lalu."
ANSWER = "Regu kami sudah memeriksa lokasi dan memperbaikinya hari ini. Terima kasih atas laporannya."
PANEL_ANSWER = "Empat lampu sudah kami ganti tadi malam. Terima kasih atas laporannya."
LATE_ANSWER = "Mohon maaf terlambat menjawab. Sampah sudah diangkut pagi ini."
# Longer than the 48 hours of an answer, and than a session of an officer.
OUTAGE_HOURS = 49

# The one complaint of a conversation; what came as a comment is acknowledged to nobody.
_ACKNOWLEDGED = """
SELECT c.id FROM complaint c JOIN message m ON m.complaint = c.id
WHERE c.id > $1 AND c.channel = $2 AND m.kind = 'acknowledgement' AND m.state = 'sent' AND m.channel = $2"""
_HANDED_ON = "SELECT count(*) FROM social_thread WHERE forwarded AND complaint > $1"
_TAKEN_DOWN = """
SELECT count(*) FROM event WHERE complaint = ANY ($1) AND kind = 'filed' AND facts::jsonb ? 'taken_by'"""
_FIRED = re.compile(r"(\d+) fired, (\d+) skipped")
_ROOT = re.compile(r"root ([0-9a-f]{64})")
_SECRET_LINK = re.compile(r'id="secret"[^>]*value="([^"]+)"')


class Check:
    """A resident, a partner and officers of the running demonstration, and what they remember between steps."""

    def __init__(self, running: Demonstration, folder: Path) -> None:
        self.running = running
        self.folder = folder
        self.inside = Inside(running.settings.owner_database_url)
        self.cast = Cast(running, self.inside)
        self.resident = Browser(running.address)
        self.filed = 0
        self.delivered = 0
        self.late = 0
        self.secret_link = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.inside.__exit__()

    # --- in comes a complaint -----------------------------------------------------------------------------

    def file_through_the_form(self) -> str:
        """A resident files without an account and is shown ticket, agency, deadline and secret link."""
        page = self.cast.file(self.resident, "jalan-rusak", POTHOLE)
        self.filed = self.cast.complaint_at(page)
        complaint = self.inside.complaint(self.filed)
        link = _SECRET_LINK.search(page.text)
        expect(link is not None, "the page after filing shows no secret link")
        expect(complaint["agency_name"] in page.text, "the page after filing does not say who has it")
        self.secret_link = link.group(1) if link else ""
        hours = (complaint["due_at"] - complaint["filed_at"]).total_seconds() / 3600
        return f"{_ticket(complaint)}, with {complaint['agency_name']}, to be answered within {hours:.0f} h"

    def receive_a_webhook_twice(self) -> str:
        """A partner delivers the same signed complaint twice: 200 both times, one complaint."""
        before = self.inside.value("SELECT count(*) FROM complaint")
        delivery, forged = f"check-{secrets.token_hex(8)}", f"check-{secrets.token_hex(8)}"
        body = {"type": "service", "text": LAMP, "category": "lampu-jalan", "village": VILLAGE}
        answers = [self.cast.deliver(delivery, body) for _ in range(2)]
        expect([one.status for one in answers] == [200, 200], f"answered {[one.status for one in answers]}")
        refused = self.cast.deliver(forged, body, secret="whsec_" + "YWJj" * 11)
        expect(refused.status == 401, f"a forged delivery was answered {refused.status}")
        self.delivered = self.inside.wait_for(
            "reading the delivery",
            lambda: self.inside.value("SELECT complaint FROM inbound WHERE external_id = $1", delivery),
        )
        stored = self.inside.value(
            "SELECT count(*) FROM inbound WHERE external_id = ANY ($1)", [delivery, forged]
        )
        filed = self.inside.value("SELECT count(*) FROM complaint") - before
        expect((stored, filed) == (1, 1), f"{stored} deliveries were stored and {filed} complaints filed")
        return f"200 and 200, one delivery stored, one complaint {_ticket(self.inside.complaint(self.delivered))}; forged: 401"

    def hear_over_the_channels(self) -> str:
        """Residents write over WhatsApp, Telegram and Messenger: a complaint each, in the queue, and acknowledged."""
        assert self.running.providers is not None
        first = self.inside.value("SELECT coalesce(max(id), 0) FROM complaint")
        self.running.providers.tell()
        photos = len(CHANNELS) * PHOTOS
        self.inside.wait_for(
            "the photos",
            lambda: self.inside.value(
                "SELECT count(*) >= $2 FROM attachment WHERE complaint > $1", first, photos
            ),
        )
        told = []
        for one in CHANNELS:
            filed = self._acknowledged(first, one.channel)
            complaint = self.inside.complaint(filed)
            queue = self.cast.officer(complaint).get("/meja")
            expect(f"/meja/aduan/{filed}" in queue.text, f"the queue does not show {_ticket(complaint)}")
            told.append(f"{one.channel} {_ticket(complaint)}")
        self.inside.wait_for("the thread that was handed on", lambda: self.inside.value(_HANDED_ON, first))
        heard = self.inside.value(
            "SELECT count(*) FROM inbound WHERE state <> 'read' AND channel <> 'partner'"
        )
        expect(heard <= 1, f"{heard} deliveries were not read")
        return f"{', '.join(told)}, with {photos} photos, each acknowledged; a thread handed on with its link"

    def take_down_at_the_counter(self) -> str:
        """An operator takes down two who come, a third writes at the kiosk: each has a slip, and says how it came."""
        filed = counter.come(self.cast)
        channels = [self.inside.value("SELECT channel FROM complaint WHERE id = $1", id_) for id_ in filed]
        expect(channels == ["counter", "counter", "kiosk"], f"they came by {channels}")
        taken = self.inside.value(_TAKEN_DOWN, list(filed))
        expect(taken == 2, f"{taken} of them name who took them down")
        return ", ".join(
            f"{channel} {_ticket(self.inside.complaint(id_))}"
            for channel, id_ in zip(channels, filed, strict=True)
        )

    def _acknowledged(self, after: int, channel: str) -> int:
        """The complaint after this one that came over a channel, as soon as its reporter was told."""
        return self.inside.wait_for(
            f"the acknowledgement over {channel}",
            lambda: cast("int | None", self.inside.value(_ACKNOWLEDGED, after, channel)),
        )

    def let_the_rules_route(self) -> str:
        """Both complaints stand with the agency that a rule chose, and its officers read why."""
        told = []
        for id_ in (self.filed, self.delivered):
            complaint = self.inside.complaint(id_)
            expect(complaint["status"] == "routed", f"{_ticket(complaint)} is {complaint['status']}")
            expect(complaint["rule"] is not None, f"{_ticket(complaint)} was routed by no rule")
            page = self.cast.officer(complaint).get(f"/meja/aduan/{id_}")
            expect(complaint["reason"] in page.text, "the desk does not show why it was routed there")
            told.append(f"{complaint['code']} by rule {complaint['rule']}")
        return ", ".join(told)

    # --- it is answered -----------------------------------------------------------------------------------

    def answer_on_the_desk(self) -> str:
        """The liaison officer finds the complaint in the queue and answers it there."""
        complaint = self.inside.complaint(self.filed)
        officer = self.cast.officer(complaint)
        expect(f"/meja/aduan/{self.filed}" in officer.get("/meja").text, "the queue does not show it")
        self.cast.answer(officer, self.filed, ANSWER)
        answered = self.inside.complaint(self.filed)
        expect(answered["status"] == "in_progress", f"it is {answered['status']} after the answer")
        expect(answered["met_at"] is not None, "the answer did not stop the clock")
        return f"{_ticket(answered)} is {answered['status']}, answered {_late(answered)}"

    def answer_in_the_panel(self) -> str:
        """Another liaison officer answers through the form endpoint of the admin panel."""
        complaint = self.inside.complaint(self.delivered)
        officer = self.cast.officer(complaint)
        officer.get("/admin/")
        sent = officer.post_json(
            "/admin/api/forms/jawab-pengaduan/",
            {"ticket": _ticket(complaint), "text": PANEL_ANSWER},
            {"X-CSRFToken": officer.cookie("csrftoken")},
        )
        expect(sent.status == 200, f"the panel answered {sent.status}: {sent.text[:200]}")
        answered = self.inside.complaint(self.delivered)
        expect(answered["met_at"] is not None, "the answer did not stop the clock")
        return f"{_ticket(answered)} is {answered['status']}, answered {_late(answered)}"

    # --- it is late ---------------------------------------------------------------------------------------

    def answer_late(self) -> str:
        """While the worker is stopped a complaint passes its 48 hours and is answered afterwards."""
        self.late = self.cast.complaint_at(self.cast.file(Browser(self.running.address), "sampah", RUBBISH))
        self.running.stop("worker")
        self.inside.let_pass(OUTAGE_HOURS)
        complaint = self.inside.complaint(self.late)
        self.cast.answer(self.cast.officer(complaint), self.late, LATE_ANSWER)
        answered = self.inside.complaint(self.late)
        rungs = self.inside.rungs(self.late)
        expect(rungs.escalations == 0, f"{rungs.escalations} escalations without a worker")
        expect(answered["met_at"] > answered["due_at"], "the answer was not late")
        return f"{_ticket(answered)} answered {_late(answered)}; no escalation yet"

    def escalate_once(self) -> str:
        """The worker comes back: exactly one escalation, marked as answered late."""
        self.running.start("worker")
        self.running.wait_until_ready()
        self.inside.wait_for("the escalation", lambda: self.inside.rungs(self.late).escalations)
        self.inside.wait_for(
            "sweeping up",
            lambda: (
                not self.inside.value(
                    "SELECT EXISTS (SELECT FROM clock WHERE next_at < lapor_now() - interval '10 seconds')"
                )
            ),
        )
        return self._one_late_escalation()

    def sweep_twice_at_once(self) -> str:
        """Two sweeps start together over a fresh heap of overdue clocks; nothing fires twice."""
        self.running.stop("worker")
        self.inside.let_pass(OUTAGE_HOURS)
        before = self.inside.value("SELECT count(*) FROM escalation")
        # Small batches, so that the two are at it together for a while.
        environ = {**self.running.environ, "LAPOR_SWEEP_BATCH": "5"}
        sweeps = [self.cast.start("sweep", environ=environ) for _ in range(2)]
        said = [end(sweep) for sweep in sweeps]
        counts = [sum(map(int, found.groups())) for line in said if (found := _FIRED.search(line))]
        added = self.inside.value("SELECT count(*) FROM escalation") - before
        expect(len(counts) == 2 and sum(counts) == added, f"{said} made {added} rows")
        expect(added > 0, "nothing was due: two sweeps at once prove nothing")
        twice = self.inside.value(
            "SELECT count(*) FROM (SELECT FROM event WHERE kind LIKE 'rung_%' GROUP BY complaint, kind, facts"
            " HAVING count(*) > 1) twice"
        )
        expect(twice == 0, f"{twice} rungs fired twice")
        still = self._one_late_escalation()
        self.running.start("worker")
        self.running.wait_until_ready()
        return f"{' + '.join(map(str, counts))} fired or skipped, none twice; still {still}"

    def read_as_head_of_region(self) -> str:
        """The head of region finds it on the list, marked as answered late."""
        head = self.cast.log_in(self.inside.holder("head_of_region", of=self.late))
        agency = self.inside.complaint(self.late)["code"]
        address, page = f"/pimpinan/eskalasi?instansi={agency}", ""
        number = re.search(r'class="count[^>]*>(\d+)<', head.get("/pimpinan/eskalasi").text)
        while address:
            opened = head.get(address)
            expect(opened.status == 200, f"{address} answered {opened.status}")
            page += opened.text
            following = re.search(r'rel="next" href="([^"]+)"', opened.text)
            address = following.group(1).replace("&amp;", "&") if following else ""
        expect(f'"/pimpinan/aduan/{self.late}"' in page, "the list does not hold it")
        expect(f'"/pimpinan/aduan/{self.late}/dilihat"' in page, "the list does not say that it was late")
        total = f"{number.group(1)} on the list" if number else "on the list"
        return f"{total}, {_ticket(self.inside.complaint(self.late))} marked as answered late"

    # --- and can be followed and proved -------------------------------------------------------------------

    def follow_as_the_resident(self) -> str:
        """The secret link shows the answer; the bare ticket shows where it is and no word of it."""
        own = Browser(self.running.address).get(self.secret_link)
        expect(own.status == 200, f"the secret link answered {own.status}")
        expect(POTHOLE in own.text and ANSWER in own.text, "the secret link does not show report and answer")
        complaint = self.inside.complaint(self.filed)
        bare = Browser(self.running.address).get(f"/laporan/{_ticket(complaint)}")
        expect(bare.status == 200, f"the bare ticket answered {bare.status}")
        expect(complaint["agency_name"] in bare.text, "the bare ticket does not say who has it")
        expect(
            POTHOLE not in bare.text and ANSWER not in bare.text,
            "the bare ticket shows what nobody published",
        )
        return f"{_ticket(complaint)}: the answer behind the secret link, only its standing without"

    def verify_the_ledger(self) -> str:
        """The export verifies in a process without a database, and no longer once a word of it is changed."""
        file, forged = self.folder / "ledger.jsonl", self.folder / "forged.jsonl"
        said = end(self.cast.start("ledger", "export", str(file), environ=self.running.environ))
        root = _ROOT.search(said)
        expect(root is not None, f"the export said {said!r}")
        offline = {name: text for name, text in self.running.environ.items() if not name.startswith(PREFIX)}
        kept = ("--root", root.group(1)) if root else ()
        verified = end(self.cast.start("ledger", "verify", str(file), *kept, environ=offline))
        forged.write_text(file.read_text().replace('"kind":"answered"', '"kind":"asked"', 1))
        process = self.cast.start("ledger", "verify", str(forged), environ=offline)
        refusal = process.communicate(timeout=COMMAND_SECONDS)[1]
        expect(process.returncode == 1, "a forged export was accepted")
        return f"{verified.split(', root')[0]}; forged: {refusal.strip().removeprefix('lapor: ')}"

    def _one_late_escalation(self) -> str:
        rungs = self.inside.rungs(self.late)
        told = f"{rungs.escalations} escalations, {rungs.late} of them marked answered late"
        expect((rungs.escalations, rungs.late) == (1, 1), told)
        return "one escalation, marked answered late"


def _ticket(complaint: asyncpg.Record) -> str:
    return tickets.show(complaint["ticket"])


def _late(complaint: asyncpg.Record) -> str:
    minutes = round((complaint["met_at"] - complaint["due_at"]).total_seconds() / 60)
    return f"{minutes} min late" if minutes > 0 else "in time"
