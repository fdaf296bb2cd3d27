"""What the groups of a table are called."""

from collections.abc import Mapping, Sequence
from typing import Final

from lapor import database
from lapor.complaints.queries.figures.scope import By
from lapor.locales import say

# Where a hidden complaint belongs is not told; neither is what nobody knows.
NO_NAME: Final = "Tidak dirinci"

CHANNELS: Final[Mapping[str, str]] = {
    "web": "Situs web",
    "whatsapp": "WhatsApp",
    "telegram": "Telegram",
    "sms": "SMS",
    "email": "Surel",
    "social": "Media sosial",
    "counter": "Loket",
    "phone": "Telepon",
    "kiosk": "Anjungan mandiri",
    "open311": "Aplikasi pihak lain (Open311)",
    "partner": "Mitra",
}

_NAMES: Final[Mapping[By, str]] = {
    "region": "SELECT id, name FROM region WHERE id = ANY ($1)",
    "agency": "SELECT id, name FROM agency WHERE id = ANY ($1)",
    "unit": "SELECT id, name FROM agency WHERE id = ANY ($1)",
    "person": "SELECT id, coalesce(nullif(full_name, ''), username) AS name FROM person WHERE id = ANY ($1)",
    "category": "SELECT id, name FROM category WHERE id = ANY ($1)",
    "district": "SELECT id, name FROM region WHERE id = ANY ($1)",
}


async def names_of(by: By, keys: Sequence[str]) -> Mapping[str, str]:
    """Return the name of every key that has one; those without are NO_NAME. Months are named by whoever shows them."""
    if by == "channel":
        return {key: say(CHANNELS[key]) for key in keys if key in CHANNELS}
    if by in ("", "month"):
        return {key: key for key in keys}
    rows = await database.fetch(_NAMES[by], [int(key) for key in keys if key not in ("", "0")])
    return {str(row["id"]): row["name"] for row in rows}
