"""Codes that a register names in words of its own: they have to exist, or nothing would ever come of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lapor import database
from lapor.complaints.errors import Refused
from lapor.locales import say

# Table and column, and the register whose codes stand there.
_NAMED: Mapping[str, Mapping[str, str]] = {
    "routing_rule": {"categories": "category", "places": "region", "agency": "agency"},
    "policy": {"category": "category", "region": "region"},
}
_CONDITIONS = ("categories", "words", "places", "types", "channels")


async def check_codes(table: str, row: Mapping[str, Any]) -> None:
    """Raise Refused when a row names a code that no register has, or is a rule that would take every complaint."""
    for column, register in _NAMED.get(table, {}).items():
        codes = _codes(row.get(column))
        known = await database.fetchval(
            f"SELECT coalesce(array_agg(code), '{{}}') FROM \"{register}\" WHERE code = ANY ($1::text[])",
            codes,
        )
        if unknown := [code for code in codes if code not in known]:
            raise Refused(say("Kode ini tidak ada: {codes}.").format(codes=", ".join(unknown)), column)
    if table == "routing_rule" and not any(row.get(name) for name in _CONDITIONS):
        raise Refused(
            say("Aturan tanpa syarat akan mengambil semua laporan. Isi paling sedikit satu syarat.")
        )


def _codes(value: Any) -> list[str]:
    listed: Iterable[Any] = value if isinstance(value, list) else [value]
    return [str(code) for code in listed if code]
