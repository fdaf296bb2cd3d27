"""Accounts of officers: made and reset by whoever keeps the registers, with a password that is used once."""

from __future__ import annotations

import asyncpg

from lapor import database
from lapor.admin import login_events, passwords, sessions, two_factor
from lapor.complaints.errors import Refused


async def create(*, username: str, full_name: str, email: str, phone: str) -> str:
    """Create an account inside the caller's transaction as reader and return its one-time password.

    The database refuses whoever does not keep the registers. Raises Refused when name or e-mail is taken.
    """
    await database.execute("SAVEPOINT account")
    try:
        person = await database.fetchval(
            "INSERT INTO person (username, full_name, email, phone, active, admin, superuser,"
            " must_change_password) VALUES ($1, $2, $3, $4, true, false, false, true) RETURNING id",
            username,
            full_name,
            email,
            phone,
        )
    except asyncpg.UniqueViolationError as error:
        await database.execute("ROLLBACK TO SAVEPOINT account")
        raise Refused("Nama pengguna atau surel ini sudah dipakai.") from error
    return await _give_one_time_password(person)


async def reset(username: str) -> str:
    """Give an account a new one-time password, end its sessions and its lock, and return the password.

    An administrator resets anybody's; an agency admin those of people who hold office in that agency only,
    and not of those who decide there as the second person or sit at a named desk.
    """
    person = await database.fetchval(_RESETTABLE, username.strip())
    if person is None:
        raise Refused("Akun ini tidak ada, atau bukan dari instansi Anda.")
    return await _give_one_time_password(person)


_RESETTABLE = """
SELECT p.id FROM person p
WHERE p.username = $1 AND p.active AND (
  my_agencies_as('{administrator}') <> '{}'
  OR (EXISTS (SELECT FROM appointment a JOIN office o ON o.id = a.office
              WHERE a.person = p.id AND o.agency = ANY (my_agencies_as('{agency_admin}')))
      AND NOT EXISTS (SELECT FROM appointment a JOIN office o ON o.id = a.office
                      WHERE a.person = p.id AND (a.ends_at IS NULL OR a.ends_at > lapor_now())
                        AND (o.agency <> ALL (my_agencies_as('{agency_admin}'))
                             OR o.role NOT IN ('liaison', 'staff') OR o.named_desk))))
"""


async def _give_one_time_password(person: int) -> str:
    password = passwords.one_time_password()
    await passwords.set_password(person, password, must_change=True)
    await login_events.record(person, "password_given")
    return password


async def end_sessions(username: str) -> None:
    """Put somebody out everywhere; whoever may reset a password may do this. Raises Refused."""
    person = await database.fetchval(_RESETTABLE, username.strip())
    if person is None:
        raise Refused("Akun ini tidak ada, atau bukan dari instansi Anda.")
    await sessions.close_sessions_of(person)
    await login_events.record(person, "all_ended")


async def remove_authenticator(username: str) -> None:
    """Take somebody's lost authenticator away and end their sessions.

    Only an administrator does, and nobody for themselves, who would have to give its code. Raises Refused.
    """
    person = await database.fetchval(
        "SELECT id FROM person WHERE username = $1 AND id <> app_user()"
        " AND my_agencies_as('{administrator}') <> '{}'",
        username.strip(),
    )
    if person is None:
        raise Refused("Autentikator hanya dilepas administrator, dan bukan miliknya sendiri.")
    if not await two_factor.remove(person):
        raise Refused("Akun ini tidak memasang autentikator.")
    await sessions.close_sessions_of(person)
    await login_events.record(person, "factor_removed")
