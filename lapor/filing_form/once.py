"""One form files one complaint, however often it is sent: after a double tap, or after a lost connection.

The first filing leaves two rows in `inbound`: one that only one transaction can write, and one from which the
same form finds the complaint again. What the second holds can be read with the form in hand only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass

from lapor import crypto, database
from lapor.complaints import desk
from lapor.complaints.desk import Filing

_FORM = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")
_MARK_LENGTH = 40

_REMEMBER = """
INSERT INTO inbound (channel, account, external_id, payload, received_at, state, attempts, next_attempt_at, complaint)
SELECT 'web', account, external_id, '', lapor_now(), 'read', 0, lapor_now(), $3
FROM (VALUES ('form', $1), ($1, $2)) AS marks(account, external_id)
ON CONFLICT (channel, account, external_id) DO NOTHING RETURNING id"""
_FIND = "SELECT external_id FROM inbound WHERE channel = 'web' AND account = $1"


@dataclass(frozen=True)
class Opened:
    """A complaint that its reporter may open; `new` is False when the same form had filed it before."""

    ticket: str
    secret: str
    new: bool


class _Repeated(Exception):
    """The same form with the same words has been filed already."""


def new_form() -> str:
    """Return the name of a form that nobody has seen yet."""
    return secrets.token_urlsafe(24)


def known(form: str) -> str:
    """Return the form's name if it can be one of ours, else a new one."""
    return form if _FORM.match(form) else new_form()


async def file_once(filing: Filing, form: str, key: str) -> Opened:
    """File what this form says, or find what it has filed before; raises Refused as `desk.file` does.

    A form that comes back with other words is another complaint. `key` is the secret of this installation.
    """
    mark = _derive(key, "mark", form, filing).hex()[:_MARK_LENGTH]
    cover = _derive(key, "cover", form, filing)
    try:
        async with database.transaction("intake"):
            filed = await desk.file(filing)
            written = await database.fetch(
                _REMEMBER, mark, _covered(filed.secret.encode(), cover).hex(), filed.complaint_id
            )
            if len(written) != 2:
                raise _Repeated
    except _Repeated:
        return await _filed_before(mark, cover)
    return Opened(filed.ticket, filed.secret, True)


async def _filed_before(mark: str, cover: bytes) -> Opened:
    async with database.transaction("intake"):
        held = await database.fetchval(_FIND, mark)
    secret = _covered(bytes.fromhex(held), cover).decode()
    async with database.transaction("reporter", reporter_key=crypto.secret_hash(secret)):
        ticket = await database.fetchval(
            "SELECT ticket FROM complaint WHERE reporter_key = $1", crypto.secret_hash(secret)
        )
    return Opened(ticket, secret, False)


def _derive(key: str, purpose: str, form: str, filing: Filing) -> bytes:
    """32 bytes that follow from the form and its words, and from which neither can be found."""
    message = json.dumps([purpose, form, asdict(filing)], sort_keys=True, default=str)
    return hmac.digest(key.encode(), message.encode(), hashlib.sha256)


def _covered(value: bytes, cover: bytes) -> bytes:
    """The value under a cover of its length that is used for nothing else; covered twice it is itself again."""
    return bytes(left ^ right for left, right in zip(value, cover, strict=True))
