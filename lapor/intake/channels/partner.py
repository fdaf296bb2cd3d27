"""Partners' systems: signed JSON deliveries, one complaint each (Standard Webhooks 1.0.0)."""

from collections.abc import Mapping
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from lapor.complaints.filing import Filing
from lapor.intake.channels.interface import SENSOR, Keys, Part, Posted, Received, Unreadable, Unverified
from lapor.intake.channels.payloads import json_object, text
from lapor.routing.tables import COMPLAINT_TYPES

LONGEST_ID = 200
LANGUAGES = ("id", "en")
_TEXTS = {"category": 60, "district": 13, "village": 13, "address": 300, "reported_agency": 40}
_REPORTER = {"name": 160, "phone": 40, "email": 254}


class Partner:
    """The channel of partners' systems; `docs/channels/partner.md` is what partners read about it."""

    name = "partner"
    has_accounts = False

    def challenge(self, query: Mapping[str, str], keys: Keys) -> str | None:
        """A partner asks nothing beforehand."""
        return None

    def accept(self, posted: Posted, keys: Keys) -> list[Part]:
        """Return the delivery, whole, of the partner whose secret fits the signature; raises Unverified.

        The five minutes that the specification allows are counted by the process's clock: they decide
        nothing but how old a signature may be, and a repeat inside them is harmless.
        """
        delivery = posted.headers.get("webhook-id", "")
        if not 0 < len(delivery) <= LONGEST_ID:
            raise Unverified
        for pair in keys.settings.partner_secrets:
            try:
                Webhook(pair.secret).verify(posted.body, dict(posted.headers), json_parse=False)
            except (WebhookVerificationError, ValueError):
                # ValueError: a header that is not even shaped like a signature, a body that is not UTF-8.
                continue
            sensor = SENSOR if pair.partner in keys.settings.partner_sensors else ""
            return [Part(sensor + pair.partner, delivery, posted.body)]
        raise Unverified

    def parse(self, payload: bytes) -> list[Received]:
        """Return the one complaint of a delivery; raises Unreadable."""
        given = json_object(payload)
        type_ = text(given, "type", 16)
        if type_ not in COMPLAINT_TYPES:
            raise Unreadable(f"type bukan salah satu dari {', '.join(COMPLAINT_TYPES)}")
        story = text(given, "text", len(payload))
        if not story:
            raise Unreadable("text tidak diisi")
        reporter = given.get("reporter")
        reporter = reporter if isinstance(reporter, dict) else {}
        language = text(given, "language", 5)
        filing = Filing(
            type=type_,
            text=story,
            channel=self.name,
            language=language if language in LANGUAGES else "id",
            latitude=_degrees(given, "latitude", 90),
            longitude=_degrees(given, "longitude", 180),
            anonymous=_truth(given, "anonymous"),
            confidential=_truth(given, "confidential"),
            about_official=_truth(given, "about_official"),
            **{name: text(given, name, length) for name, length in _TEXTS.items()},  # type: ignore[arg-type]
            **{name: text(reporter, name, length) for name, length in _REPORTER.items()},  # type: ignore[arg-type]
        )
        return [Received(filing, text(reporter, "id", 120))]


def _truth(given: dict[str, Any], name: str) -> bool:
    """Whether the partner said yes; anything unclear counts as yes, because it would protect somebody."""
    return given.get(name) not in (None, False)


def _degrees(given: dict[str, Any], name: str, limit: int) -> float | None:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -limit <= value <= limit else None
