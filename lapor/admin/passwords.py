"""Passwords: checked without blocking anybody else, counted so that guessing ends, changed."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor

from lapor import database
from lapor.routing.tables import Person

LEAST = 12
MOST = 128

# Hashing takes a core for a quarter of a second: two at once leave the others their turn.
_HASHING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
# Compared against when there is no such person, so that the answer takes as long.
_NOBODY = Person.hash_password(secrets.token_urlsafe(24))
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


async def hashed(password: str) -> str:
    """The password as it is stored: PBKDF2-SHA-256 with a salt, with Piccolo's number of rounds."""
    return await asyncio.get_running_loop().run_in_executor(_HASHING, Person.hash_password, password)


async def fits(password: str, stored: str | None) -> bool:
    """Whether this is the password; takes the same time when nothing is stored."""
    if len(password) > MOST:
        return False
    # An account that was never given a password has none that fits.
    known = stored if stored and stored.count("$") == 3 else None
    same = await asyncio.get_running_loop().run_in_executor(_HASHING, _same, password, known or _NOBODY)
    return same and known is not None


def _same(password: str, stored: str) -> bool:
    _, rounds, salt, _ = Person.split_stored_password(stored)
    return hmac.compare_digest(Person.hash_password(password, salt, int(rounds)), stored)


def one_time_password() -> str:
    """A password to hand over once, easy to read aloud, of about 79 random bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def trouble_with(password: str, username: str) -> str:
    """Why this cannot become the password, as a sentence; empty when it can."""
    if len(password) < LEAST:
        return "Kata sandi paling sedikit 12 huruf, angka, atau tanda. Beberapa kata yang diingat juga boleh."
    if len(password) > MOST:
        return "Kata sandi paling banyak 128 huruf, angka, atau tanda."
    if username.lower() in password.lower():
        return "Kata sandi jangan memuat nama pengguna."
    if len(set(password)) < 6:
        return "Kata sandi ini terlalu mudah ditebak. Pakai lebih banyak huruf yang berbeda."
    return ""


async def set_password(person: int, password: str, *, must_change: bool) -> None:
    """Store a new password of a person, end their sessions, and let no link that was asked for before set another."""
    stored = await hashed(password)
    async with database.transaction("gate"):
        await database.execute(
            "UPDATE person SET password = $2, must_change_password = $3 WHERE id = $1",
            person,
            stored,
            must_change,
        )
        await database.execute("DELETE FROM session WHERE user_id = $1", person)
        await database.execute(
            "UPDATE password_reset SET expires_at = lapor_now() WHERE person = $1 AND expires_at > lapor_now()",
            person,
        )


async def begin_attempt(lookup: str, most: int, minutes: int) -> int:
    """Count one more attempt at a name and return 0, or the minutes until its lock ends, counting nothing.

    The attempt is noted before the password is looked at, so that many at once do not slip through.
    """
    async with database.transaction("gate"):
        await database.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", lookup)
        await database.execute(
            "DELETE FROM login_attempt WHERE failed_at <= lapor_now() - make_interval(mins => $1)", minutes
        )
        recent = await database.fetchrow(
            "SELECT count(*) AS failed,"
            " ceil(extract(epoch FROM min(failed_at) - lapor_now()) / 60 + $2)::int AS wait"
            " FROM login_attempt WHERE username_lookup = $1",
            lookup,
            minutes,
        )
        if recent and recent["failed"] >= most:
            return max(int(recent["wait"]), 1)
        await database.execute(
            "INSERT INTO login_attempt (username_lookup, failed_at) VALUES ($1, lapor_now())", lookup
        )
    return 0


async def forgive(lookup: str) -> None:
    """Forget the failed attempts at a name, after a good one."""
    async with database.transaction("gate"):
        await database.execute("DELETE FROM login_attempt WHERE username_lookup = $1", lookup)
