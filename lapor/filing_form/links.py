"""Addresses of complaints, and the secret link that opens everything of one."""

from __future__ import annotations

from lapor.complaints import tickets
from lapor.settings import Settings


def address(ticket: str, below: str = "") -> str:
    """Return the address of a complaint, or of something below it."""
    return f"/laporan/{tickets.show(ticket)}" + (f"/{below}" if below else "")


def secret_link(settings: Settings, ticket: str, secret: str) -> str:
    """Return the whole address that opens everything of one complaint."""
    return settings.base_url.rstrip("/") + address(ticket, f"buka/{secret}")
