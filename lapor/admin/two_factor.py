"""The second step of a log-in: codes of an authenticator (TOTP, RFC 6238) and recovery codes for when it is lost."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from typing import NamedTuple

import pyotp

from lapor import database
from lapor.admin.passwords import ALPHABET
from lapor.crypto import keyring

STEP_SECONDS = 30
# RFC 6238, 5.2: one step either way forgives a slow thumb and a clock that is off by half a minute.
DRIFT_STEPS = 1
RECOVERY_CODES = 10
ISSUER = "Lapor"

# An authenticator lives in real time, also where the time of a simulation is another; so does what is compared to it.
_REAL_NOW = "SELECT now()"


class State(NamedTuple):
    """Since when a person's authenticator is set up, None when it is not, and how many recovery codes are left."""

    since: datetime | None
    codes_left: int


async def state(person: int) -> State:
    """What stands between a person's password and their desk."""
    async with database.transaction("gate"):
        row = await database.fetchrow(
            "SELECT (SELECT confirmed_at FROM second_factor WHERE person = $1) AS since,"
            " (SELECT count(*) FROM recovery_code WHERE person = $1 AND used_at IS NULL) AS codes_left",
            person,
        )
    assert row is not None
    return State(row["since"], row["codes_left"])


async def offered(person: int, session: int) -> str:
    """The secret that the set-up page of this session shows: the same for an hour, never that of another session.

    Raises LookupError when an authenticator is set up already.
    """
    async with database.transaction("gate"):
        row = await database.fetchrow(
            "SELECT secret, confirmed_at, session = $2 AND made_at > lapor_now() - interval '1 hour' AS usable"
            " FROM second_factor WHERE person = $1 FOR UPDATE",
            person,
            session,
        )
        if row and row["confirmed_at"]:
            raise LookupError("an authenticator is set up")
        if row and row["usable"]:
            return _opened(person, row["secret"])
        secret = pyotp.random_base32()
        await database.execute(
            "INSERT INTO second_factor (person, secret, made_at, session, last_step)"
            " VALUES ($1, $2, lapor_now(), $3, 0) ON CONFLICT (person) DO UPDATE SET"
            " secret = excluded.secret, made_at = excluded.made_at, session = excluded.session, last_step = 0"
            " WHERE second_factor.confirmed_at IS NULL",
            person,
            keyring().encrypt(secret, _context(person)),
            session,
        )
    return secret


async def confirm(person: int, session: int, typed: str) -> list[str] | None:
    """Set the offered authenticator up with a first code of it and return ten recovery codes; None when it is wrong."""
    async with database.transaction("gate"):
        row = await database.fetchrow(
            "SELECT secret FROM second_factor WHERE person = $1 AND session = $2 AND confirmed_at IS NULL"
            " FOR UPDATE",
            person,
            session,
        )
        at: datetime = await database.fetchval(_REAL_NOW)
        step = matching_step(_opened(person, row["secret"]), typed, at, 0) if row else None
        if step is None:
            return None
        await database.execute(
            "UPDATE second_factor SET confirmed_at = lapor_now(), session = NULL, last_step = $2"
            " WHERE person = $1",
            person,
            step,
        )
        return await new_recovery_codes(person)


async def check(person: int, typed: str) -> str:
    """Take a code and use it up; return "totp" or "recovery" for what it was, or nothing when it does not fit."""
    async with database.transaction("gate"):
        if await _take_code(person, typed):
            return "totp"
        return "recovery" if await _take_recovery(person, typed) else ""


async def _take_code(person: int, typed: str) -> bool:
    row = await database.fetchrow(
        "SELECT secret, last_step FROM second_factor WHERE person = $1 AND confirmed_at IS NOT NULL FOR UPDATE",
        person,
    )
    at: datetime = await database.fetchval(_REAL_NOW)
    step = matching_step(_opened(person, row["secret"]), typed, at, row["last_step"]) if row else None
    if step is None:
        return False
    await database.execute("UPDATE second_factor SET last_step = $2 WHERE person = $1", person, step)
    return True


async def _take_recovery(person: int, typed: str) -> bool:
    plain = _plain(typed)
    if len(plain) != 12:
        return False
    used = await database.fetchval(
        "UPDATE recovery_code SET used_at = lapor_now()"
        " WHERE person = $1 AND lookup = ANY ($2) AND used_at IS NULL RETURNING id",
        person,
        keyring().lookups(plain, _context(person)),
    )
    return used is not None


def matching_step(secret: str, typed: str, at: datetime, last_step: int) -> int | None:
    """The time step whose code this is, one step either way; None when there is none or it was used before."""
    code = _plain(typed)
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    present = int(at.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        # RFC 6238, 5.2: a code that was accepted is not accepted again, nor an older one.
        if step > last_step and hmac.compare_digest(totp.generate_otp(step), code):
            return step
    return None


async def new_recovery_codes(person: int) -> list[str]:
    """Replace a person's recovery codes and return the new ones, to be shown this once."""
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(12)) for _ in range(RECOVERY_CODES)]
    async with database.transaction("gate"):
        await database.execute("DELETE FROM recovery_code WHERE person = $1", person)
        await database.executemany(
            "INSERT INTO recovery_code (person, lookup) VALUES ($1, $2)",
            [(person, keyring().lookup(code, _context(person))) for code in codes],
        )
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


async def remove(person: int) -> bool:
    """Take a person's authenticator and recovery codes away; return whether there was one."""
    async with database.transaction("gate"):
        await database.execute("DELETE FROM recovery_code WHERE person = $1", person)
        gone = await database.fetchval(
            "DELETE FROM second_factor WHERE person = $1 RETURNING confirmed_at", person
        )
    return gone is not None


def address(secret: str, username: str) -> str:
    """The address by which an application on the same telephone takes the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def grouped(secret: str) -> str:
    """A secret in groups of four, for typing it in."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _opened(person: int, ciphertext: bytes) -> str:
    return keyring().decrypt(ciphertext, _context(person)).decode()


def _context(person: int) -> str:
    return f"second_factor:{person}"


def _plain(typed: str) -> str:
    return "".join(letter for letter in typed[:40].lower() if letter.isalnum())
