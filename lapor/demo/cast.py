"""Those who act in the check: what a resident, a partner, an officer and an administrator do again and again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime

import asyncpg
from standardwebhooks import Webhook

from lapor.complaints import tickets
from lapor.demo.browser import Answer, Browser
from lapor.demo.inside import Inside, Unexpected
from lapor.demo.run import Demonstration

VILLAGE = "33.74.06.1004"
COMMAND_SECONDS = 120


class Cast:
    """The people around one running demonstration; each method raises Unexpected when it is not received well."""

    def __init__(self, running: Demonstration, inside: Inside) -> None:
        self.running = running
        self.inside = inside

    def file(self, browser: Browser, category: str, text: str) -> Answer:
        """File the form as a resident without a contact; the page after it."""
        page = browser.send_form(
            "/lapor",
            "/lapor",
            {
                "type": "complaint",
                "category": category,
                "text": text,
                "district": VILLAGE.rpartition(".")[0],
                "village": VILLAGE,
                "address": "Dekat pasar",
                "contact_kind": "none",
                "privacy": "open",
                "about_official": "no",
            },
        )
        expect(
            page.status == 200 and page.url.partition("?")[0].endswith("/terkirim"),
            f"the form was answered {page.status} at {page.url}",
        )
        return page

    def complaint_at(self, page: Answer) -> int:
        """The id of the complaint whose page this is."""
        ticket = tickets.parse(page.url.partition("?")[0].split("/")[-2])
        id_: int = self.inside.value("SELECT id FROM complaint WHERE ticket = $1", ticket)
        return id_

    def deliver(self, delivery: str, body: Mapping[str, str], secret: str = "") -> Answer:
        """Send a delivery as the first partner, signed with their secret or with another one."""
        partner = self.running.settings.partner_secrets[0]
        content = json.dumps(body)
        # A delivery is as old as the clock of the sender says; that clock is the real one.
        at = datetime.now(UTC)
        signature = Webhook(secret or partner.secret).sign(delivery, at, content)
        headers = {
            "content-type": "application/json",
            "webhook-id": delivery,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }
        return Browser(self.running.address).post("/hooks/partner", content.encode(), headers)

    def officer(self, complaint: asyncpg.Record) -> Browser:
        """Somebody of the responsible agency who answers for complaints, logged in."""
        return self.log_in(self.inside.holder("liaison", agency=complaint["agency"]))

    def log_in(self, username: str) -> Browser:
        """A browser in which this person is logged in."""
        browser = Browser(self.running.address)
        fields = {"username": username, "password": self.running.password}
        page = browser.send_form("/masuk", "/masuk", fields)
        expect(
            page.status == 200 and bool(browser.cookie("id")),
            f"{username} was answered {page.status} at log-in",
        )
        return browser

    def answer(self, officer: Browser, complaint: int, text: str) -> None:
        """Send a final answer from the desk's page of a complaint."""
        page = f"/meja/aduan/{complaint}"
        sent = officer.send_form(page, f"{page}/jawaban", {"text": text})
        expect(sent.status == 200, f"the answer was answered {sent.status}")

    def start(self, *words: str, environ: Mapping[str, str]) -> subprocess.Popen[str]:
        """Begin a command of `lapor` in a process of its own."""
        return subprocess.Popen(  # noqa: S603 (our own command line)
            self.running.command(*words),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def end(process: subprocess.Popen[str]) -> str:
    """What a command said; raises Unexpected when it failed."""
    said, complained = process.communicate(timeout=COMMAND_SECONDS)
    expect(process.returncode == 0, f"exit {process.returncode}: {complained.strip() or said.strip()}")
    return said.strip()


def expect(condition: bool, otherwise: str) -> None:
    """Raise Unexpected, with what was seen, unless the condition holds."""
    if not condition:
        raise Unexpected(otherwise)
