"""SMS, by a gateway whose fields are named in the account's settings, or by Twilio: what is delivered to us."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

from lapor import crypto
from lapor.channel_accounts import Account
from lapor.intake.channels import payloads, twilio
from lapor.intake.channels.interface import Keys, Part, Posted, Unreadable, Unverified
from lapor.intake.channels.talk import Media, Receipt

NAME: Final = "sms"
TWILIO: Final = "twilio"
HEADER: Final = "X-Token"
MOST_PARTS: Final = 20
# Shorter ones, and names, are machines that sell or remind: nobody who could be answered.
SHORTEST_NUMBER: Final = 8
# What a gateway tells, by our own names; an account's settings may call each of them otherwise.
FIELDS: Final = ("from", "to", "text", "id", "ref", "part", "parts", "status", "code")
_STATES: Final[Mapping[str, Literal["sent", "delivered", "read", "failed"]]] = {
    **dict.fromkeys(("sent", "accepted", "queued", "sending", "terkirim", "acceptd"), "sent"),
    **dict.fromkeys(("delivered", "delivrd", "success", "sampai"), "delivered"),
    "read": "read",
    **dict.fromkeys(
        ("failed", "undelivered", "undeliv", "expired", "rejected", "rejectd", "canceled", "gagal"), "failed"
    ),
}


@dataclass(frozen=True)
class Written:
    """An SMS, or a part of one: `part` of `of`, the others being known by the same `group`."""

    sender: str
    text: str = field(repr=False)
    group: str = ""
    part: int = 1
    of: int = 1
    media: tuple[Media, ...] = ()


class Sms:
    """The channel as it hears: an account is a number of ours, its `name` the digits of that number."""

    name = NAME
    has_accounts = True

    def challenge(self, query: Mapping[str, str], keys: Keys) -> str | None:
        """Nobody asks beforehand."""
        return None

    def accept(self, posted: Posted, keys: Keys) -> list[Part]:
        """Return a part for each message and each receipt; raises Unverified when token or signature is not ours."""
        ours = {account.name for account in keys.accounts}
        for account in keys.accounts:
            if account.settings.get("provider") == TWILIO:
                fields = _form(posted.body)
                if _signed(account, posted, fields, keys.settings.base_url):
                    given = {**dict(fields), twilio.KEY: twilio.key_in(posted.address)}
                    return [_part(account, given, twilio.NAMES, ours, posted.body)]
            elif _knows(account, posted.headers):
                names = named(account.settings.get("fields", ""))
                told = _given(posted)
                if told is None:
                    return [Part(account.name, own_key(posted.body), posted.body)]
                return [_part(account, one, names, ours, posted.body) for one in told]
        raise Unverified

    def parse(self, payload: bytes) -> Written | Receipt | None:
        """Return what a part tells, None when nobody has written it; raises Unreadable."""
        given = payloads.json_object(payload)
        if given.get("lapor") != NAME:
            raise Unreadable("isi kiriman tidak dikenal")
        if payloads.text(given, "status") and not payloads.text(given, "text"):
            return _receipt(given)
        sender = number(payloads.text(given, "from"))
        if len(sender) < SHORTEST_NUMBER:
            return None
        of = _count(given, "parts")
        part = _count(given, "part")
        whole = of == 1 or part > of
        return Written(
            sender,
            _words(given),
            "" if whole else payloads.text(given, "group"),
            1 if whole else part,
            1 if whole else of,
            twilio.media(payloads.part(given, "given")) if given.get("provider") == TWILIO else (),
        )


def answer(parts: Sequence[Part]) -> tuple[str, bytes] | None:
    """Return what Twilio reads in the answer to a delivery; another gateway reads only that it was taken."""
    for part in parts:
        if b'"provider":"twilio"' in part.payload:
            return twilio.SILENCE
    return None


def number(typed: str) -> str:
    """Return a telephone number as digits with the country's code (62 for a leading zero); empty for a name."""
    digits = "".join(character for character in typed if character not in " -+()")
    if not digits.isdecimal():
        return ""
    return f"62{digits[1:]}" if digits.startswith("0") else digits


def named(setting: str) -> dict[str, str]:
    """Return by which names a gateway calls what it tells: "from=sender text=message", the rest as we call it."""
    names = {name: name for name in FIELDS}
    for pair in setting.replace(",", " ").split():
        ours, _, theirs = pair.partition("=")
        if theirs:
            names[ours] = theirs
    return names


def own_key(body: bytes) -> str:
    """Return a key for what brings none: every delivery is then one of its own."""
    return f"{len(body)}:{secrets.token_hex(12)}"


def _signed(account: Account, posted: Posted, fields: list[tuple[str, str]], base_url: str) -> bool:
    token = account.secrets.get("auth_token", "")
    expected = twilio.signature(token, base_url + posted.address, fields)
    given = posted.headers.get("x-twilio-signature", "")
    return bool(token) and hmac.compare_digest(expected.encode(), given.encode())


def _knows(account: Account, headers: Mapping[str, str]) -> bool:
    token = account.secrets.get("webhook_token", "").encode()
    given = headers.get((account.settings.get("token_header") or HEADER).lower(), "").encode()
    return bool(token) and hmac.compare_digest(token, given)


def _given(posted: Posted) -> list[dict[str, Any]] | None:
    """The messages of a delivery, in JSON (one, or a list) or as a form; None when it is neither."""
    if "json" in posted.headers.get("content-type", "") or posted.body.lstrip()[:1] in (b"{", b"["):
        try:
            found = json.loads(posted.body)
        except (ValueError, RecursionError):
            return None
        several = found if isinstance(found, list) else [found]
        return several if several and all(isinstance(one, dict) for one in several) else None
    fields = dict(_form(posted.body))
    return [fields] if fields else None


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return []


def _part(
    account: Account, given: dict[str, Any], names: Mapping[str, str], ours: set[str], body: bytes
) -> Part:
    """What a gateway tells, by our own names, beside all that it has told."""
    told = {name: _plain(given.get(theirs)) for name, theirs in names.items()}
    to = number(told.get("from" if told.get("status") and not told.get("text") else "to", ""))
    kept = {**told, "lapor": NAME, "provider": account.settings.get("provider", ""), "given": given}
    key = told.get("id", "")
    key = key if 0 < len(key) <= 80 and key.isprintable() else own_key(body)
    if told.get("ref"):
        whose = f"{number(told['from'])}:{told['ref']}:{told.get('parts', '')}"
        kept["group"] = crypto.keyring().lookups(whose, NAME)[0]
        key = f"{kept['group']}:{told.get('part', '')[:3]}:{key}"
    if told.get("status"):
        key = f"{key}:{told['status'][:20]}"
    packed = json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()
    return Part(to if to in ours else account.name, key, packed)


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _words(given: dict[str, Any]) -> str:
    """The words as they came: a part may end with the space before the next one."""
    return _plain(given.get("text")).replace("\0", "").encode("utf-8", "replace").decode()


def _count(given: dict[str, Any], name: str) -> int:
    text = payloads.text(given, name)
    return min(max(int(text), 1), MOST_PARTS) if text.isdecimal() and len(text) < 4 else 1


def _receipt(given: dict[str, Any]) -> Receipt | None:
    state = _STATES.get(payloads.text(given, "status").lower())
    if state is None:
        return None
    code = payloads.text(given, "code")
    return Receipt(
        reference=payloads.text(given, "id")[:200],
        state=state,
        key=payloads.text(payloads.part(given, "given"), twilio.KEY)
        if given.get("provider") == TWILIO
        else "",
        reason=f"SMS: {code[:20]}" if code and state == "failed" else "",
    )
