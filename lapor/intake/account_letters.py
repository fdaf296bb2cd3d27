"""Letters about somebody's own account: the link that sets a new password. They go to its person and to nobody else."""

from dataclasses import replace

import asyncpg

from lapor import crypto, database, words
from lapor.intake import letters, recipients
from lapor.intake.channels.interface import Outgoing
from lapor.intake.letters import Letter, Sending
from lapor.intake.recipients import MAIL, Route

PASSWORD_RESET = "password_reset"  # noqa: S105 (a kind of message)
OVER = "tautan ini sudah dipakai atau terlalu lama"

_ASKED = """
SELECT r.id, r.expires_at, coalesce((
  SELECT g.timezone FROM appointment h JOIN office o ON o.id = h.office JOIN agency a ON a.id = o.agency
  JOIN region g ON g.id = a.region
  WHERE h.person = r.person AND (h.ends_at IS NULL OR h.ends_at > lapor_now()) ORDER BY o.id LIMIT 1
), 'Asia/Jakarta') AS zone
FROM password_reset r
WHERE r.id = split_part($1::text, ':', 2)::bigint AND r.expires_at > lapor_now()"""


async def password_reset(head: asyncpg.Record, sending: Sending) -> Letter:
    """Return the letter with a link made this moment; the database keeps its hash. No quiet hours hold it back."""
    letter = Letter(
        Outgoing(head["dedupe_key"], PASSWORD_RESET, "", "petugas", (), "", "", head["now"]),
        person=head["person"],
    )
    asked = await database.fetchrow(_ASKED, head["dedupe_key"])
    holder = await recipients.person(head["person"])
    if asked is None or holder is None:
        return replace(letter, trouble=OVER, hopeless=True)
    if MAIL not in sending.channels or not holder.email:
        return replace(letter, trouble=letters.NO_ADDRESS, hopeless=True)
    token = crypto.new_secret()
    await database.execute(
        "UPDATE password_reset SET token_hash = $2 WHERE id = $1", asked["id"], crypto.secret_hash(token)
    )
    context = {
        "link": f"{sending.base_url}/masuk/sandi-baru/{token}",
        "until": words.localtime(asked["expires_at"], asked["zone"]),
    }
    subject, body = letters.render_gathered(PASSWORD_RESET, context)
    letter = replace(letter, outgoing=replace(letter.outgoing, subject=subject, body=body))
    return letters.addressed(letter, [Route(MAIL, (holder.email,), (holder.id,))], sending.attempt)
