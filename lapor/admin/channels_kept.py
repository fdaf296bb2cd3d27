"""Our accounts at providers as administrators keep them: secrets go in and never come out."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from lapor import channel_accounts, crypto, database
from lapor.admin.channel_fields import ChannelForm, Field
from lapor.admin.channel_forms import FORMS
from lapor.complaints.errors import NotFound, Refused
from lapor.crypto import Undecipherable
from lapor.locales import say
from lapor.secret_values import DEMO_SECRET

_SHOWN = """
SELECT a.id, a.channel, a.name, a.title, a.active, a.secrets, a.settings, a.last_seen_at, a.refusals, a.refused_at,
  a.paused_until, a.trouble, a.changed_at, p.full_name AS changed_by, lapor_now() AS now
FROM channel_account a LEFT JOIN person p ON p.id = a.changed_by
WHERE $1::bigint IS NULL OR a.id = $1 ORDER BY a.active DESC, a.channel, a.id"""
_OPEN = """
INSERT INTO channel_account (channel, name, title, active, secrets, settings, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, lapor_now()) ON CONFLICT (channel, name) DO NOTHING RETURNING id"""
# The alarm of an account that was mended ends with the first thing that it sends: until then one failure is remembered.
_CHANGE = """
UPDATE channel_account SET title = $2, active = $3, secrets = $4, settings = $5, changed_by = $6,
  changed_at = lapor_now(), paused_until = NULL, failures = least(failures, 1), trouble = NULL WHERE id = $1"""
_TRY = """
INSERT INTO message (dedupe_key, kind, said, state, attempts, next_attempt_at, created_at)
VALUES ($1, $2, $3, 'waiting', 0, lapor_now(), lapor_now())"""
_TRIED = """
SELECT state, trouble, receipt, created_at FROM message
WHERE kind = $1 AND complaint IS NULL AND starts_with(dedupe_key, $2) ORDER BY id DESC LIMIT 1"""


@dataclass(frozen=True)
class Kept:
    """An account as it is shown: which secrets it has, never what they are."""

    id: int
    channel: str
    title: str
    name: str
    active: bool
    filled: frozenset[str]
    settings: Mapping[str, str]
    last_seen_at: datetime | None
    refusals: int
    refused_at: datetime | None
    paused_until: datetime | None
    trouble: str
    changed_at: datetime
    changed_by: str

    @property
    def form(self) -> ChannelForm:
        """What its form asks for."""
        return FORMS[self.channel]


@dataclass(frozen=True)
class Trial:
    """What became of the last trial message of an account."""

    state: str
    trouble: str
    receipt: str
    at: datetime


async def accounts(officer: int) -> Sequence[Kept]:
    """Return every account, those that are switched on first."""
    async with database.transaction("desk", user_id=officer):
        return [_kept(row) for row in await database.fetch(_SHOWN, None) if row["channel"] in FORMS]


async def account(officer: int, number: int) -> tuple[Kept, Trial | None]:
    """Return one account and what became of its last trial; raises NotFound."""
    async with database.transaction("desk", user_id=officer):
        row = await database.fetchrow(_SHOWN, number)
        if row is None or row["channel"] not in FORMS:
            raise NotFound
        tried = await database.fetchrow(_TRIED, channel_accounts.TRIAL, _trial_key(number))
    trial = (
        Trial(tried["state"], tried["trouble"] or "", tried["receipt"] or "", tried["created_at"])
        if tried
        else None
    )
    return _kept(row), trial


async def open_account(officer: int, form: ChannelForm, typed: Mapping[str, str]) -> int:
    """Keep a new account and return its number; raises Refused with what is wrong or missing."""
    name = form.value(form.account, typed.get("name", ""))
    if not name:
        raise Refused(form.account.sentence(say("Isi “{field}”.")), "name")
    given, settings = _values(form, typed, {})
    active = _active(form, typed, given)
    async with database.transaction("desk", user_id=officer):
        found: int | None = await database.fetchval(
            _OPEN,
            form.channel,
            name,
            _title(form, typed),
            active,
            channel_accounts.sealed(form.channel, name, given),
            json.dumps(settings),
            officer,
        )
    if found is None:
        raise Refused(say("Akun ini sudah ada dalam daftar."), "name")
    return found


async def change_account(officer: int, number: int, typed: Mapping[str, str]) -> None:
    """Change an account; a secret that was left empty stays as it is. Raises NotFound, and Refused as above."""
    async with database.transaction("desk", user_id=officer):
        row = await database.fetchrow(_SHOWN, number)
        if row is None or row["channel"] not in FORMS:
            raise NotFound
        form = FORMS[row["channel"]]
        given, settings = _values(form, typed, _secrets(row))
        await database.execute(
            _CHANGE,
            number,
            _title(form, typed),
            _active(form, typed, given),
            channel_accounts.sealed(form.channel, row["name"], given),
            json.dumps(settings),
            officer,
        )


async def try_account(officer: int, number: int, to: str) -> None:
    """Put a trial message to somebody into the outbox; raises Refused, also while the account is switched off."""
    kept, _ = await account(officer, number)
    address = kept.form.value(kept.form.recipient, to)
    if not address:
        raise Refused(kept.form.recipient.sentence(say("Isi “{field}”.")), "to")
    if not kept.active:
        raise Refused(say("Aktifkan akun ini dahulu."), "to")
    key = f"{_trial_key(number)}{secrets.token_hex(8)}"
    text = say("Ini pesan uji dari kanal pengaduan. Tidak ada yang perlu Anda lakukan.")
    said = json.dumps({"channel": kept.channel, "account": kept.name, "to": address, "text": text})
    sealed = crypto.keyring().encrypt(said, channel_accounts.said_context(key))
    async with database.transaction("desk", user_id=officer):
        await database.execute(_TRY, key, channel_accounts.TRIAL, sealed)


def _trial_key(number: int) -> str:
    return f"{channel_accounts.TRIAL}:{number}:"


def _values(
    form: ChannelForm, typed: Mapping[str, str], known: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The secrets and the settings as they are from now on."""
    given, settings = dict(known), {}
    for field in form.fields:
        value = form.value(field, typed.get(field.name, ""))
        if field.secret and value.startswith(DEMO_SECRET):
            raise Refused(say("Ini rahasia peragaan. Pakai rahasia Anda sendiri."), field.name)
        if field.sealed:
            given[field.name] = value
        elif not field.secret:
            settings[field.name] = value
        elif value:
            given[field.name] = value
    return given, settings


def _active(form: ChannelForm, typed: Mapping[str, str], given: Mapping[str, str]) -> bool:
    """Whether it is switched on; without all of its secrets it cannot be."""
    if typed.get("active") != "ya":
        return False
    for field in form.fields:
        if field.secret and not field.optional and not given.get(field.name):
            raise _wanting(field)
    if form.one_of and not any(given.get(name) or typed.get(name, "").strip() for name in form.one_of):
        raise _wanting(next(field for field in form.fields if field.name == form.one_of[0]))
    return True


def _wanting(field: Field) -> Refused:
    sentence = say("Isi “{field}” dahulu, baru akun ini dapat diaktifkan.")
    return Refused(field.sentence(sentence), field.name)


def _title(form: ChannelForm, typed: Mapping[str, str]) -> str:
    return typed.get("title", "").strip()[:80] or form.title


def _secrets(row: asyncpg.Record) -> dict[str, str]:
    try:
        return channel_accounts.opened(row["channel"], row["name"], row["secrets"])
    except Undecipherable:
        # Their key is gone: they have to be typed in anew.
        return {}


def _kept(row: asyncpg.Record) -> Kept:
    secrets = _secrets(row)
    sealed = [field.name for field in FORMS[row["channel"]].fields if field.sealed]
    return Kept(
        id=row["id"],
        channel=row["channel"],
        title=row["title"],
        name=row["name"],
        active=row["active"],
        filled=frozenset(name for name, value in secrets.items() if value),
        settings={**json.loads(row["settings"]), **{name: secrets.get(name, "") for name in sealed}},
        last_seen_at=row["last_seen_at"],
        refusals=row["refusals"],
        refused_at=row["refused_at"],
        paused_until=row["paused_until"]
        if row["paused_until"] and row["paused_until"] > row["now"]
        else None,
        trouble=row["trouble"] or "",
        changed_at=row["changed_at"],
        changed_by=row["changed_by"] or "",
    )
