"""What the columns of the files of SP4N-LAPOR! are called, and what their words mean here: a profile of each region."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from lapor.complaints.states import LABELS

REQUIRED: Final = ("number", "received", "text")
# Parts whose left side is their word; of the others it is ours.
_MEANT: Final = ("types", "categories")


class Unusable(Exception):
    """A file or a profile that cannot be used as a whole; the message is one line."""


@dataclass(frozen=True)
class Profile:
    """What the columns of both files are called, and what their words mean here."""

    incoming: Mapping[str, str] = field(
        default_factory=lambda: {
            "number": "nomor",
            "received": "tanggal",
            "title": "judul",
            "text": "isi",
            "type": "jenis",
            "category": "kategori",
            "district": "kecamatan",
            "village": "kelurahan",
            "address": "alamat",
            "latitude": "lintang",
            "longitude": "bujur",
            "name": "nama",
            "phone": "telepon",
            "email": "surel",
            "anonymous": "anonim",
            "confidential": "rahasia",
            "photos": "foto",
        }
    )
    outgoing: Mapping[str, str] = field(
        default_factory=lambda: {
            "number": "nomor",
            "received": "tanggal",
            "ticket": "nomor laporan",
            "status": "status",
            "changed": "tanggal status",
            "agency": "instansi",
            "answer": "tanggapan",
            "answered": "tanggal tanggapan",
        }
    )
    types: Mapping[str, str] = field(
        default_factory=lambda: {
            "": "complaint",
            "pengaduan": "complaint",
            "aspirasi": "aspiration",
            "permintaan informasi": "information",
            "permintaan layanan": "service",
        }
    )
    categories: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=lambda: dict(LABELS))


def read_profile(path: Path) -> Profile:
    """Return the profile of a TOML file; what it leaves out is as always. Raises Unusable."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise Unusable(f"{path.name} cannot be read") from None
    except tomllib.TOMLDecodeError as wrong:
        raise Unusable(f"{path.name} is not TOML: {wrong}") from None
    profile = Profile()
    for section, named in given.items():
        usual = getattr(profile, section, None)
        if usual is None or not isinstance(named, dict):
            raise Unusable(f"{path.name} has a part [{section}] that a profile does not have")
        if not all(isinstance(value, str) for value in named.values()):
            raise Unusable(f"{path.name}, [{section}]: every value is a text")
        if section not in _MEANT and (unknown := named.keys() - usual.keys()):
            raise Unusable(f"{path.name}, [{section}]: {', '.join(sorted(unknown))} is not known")
        if section in _MEANT:
            named = {theirs.strip().lower(): ours for theirs, ours in named.items()}
        profile = replace(profile, **{section: {**usual, **named}})
    return profile
