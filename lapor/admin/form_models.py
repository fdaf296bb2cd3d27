"""The fields of the panel's forms; a title is what stands beside the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

# What is typed where the panel knows no lists: the words, and what they are kept as.
CHANNELS: Mapping[str, str] = {"loket": "counter", "telepon": "phone", "anjungan": "kiosk"}
TYPES: Mapping[str, str] = {
    "pengaduan": "complaint",
    "aspirasi": "aspiration",
    "informasi": "information",
    "layanan": "service",
}
REASONS: Mapping[str, str] = {
    "tidak jelas": "unclear",
    "tanpa lokasi": "no_location",
    "bukan kewenangan": "not_authority",
    "perselisihan pribadi": "private_dispute",
    "pengadilan": "court",
    "sudah dilaporkan": "duplicate",
    "melanggar hukum": "unlawful",
}


def _kept_as(known: Mapping[str, str]) -> BeforeValidator:
    """What was typed as it is kept; the code itself may be typed too, and the verb refuses anything else."""

    def kept(typed: object) -> object:
        return known.get(typed.strip().lower(), typed.strip()) if isinstance(typed, str) else typed

    return BeforeValidator(kept)


Channel = Annotated[str, _kept_as(CHANNELS)]
Type = Annotated[str, _kept_as(TYPES)]
Reason = Annotated[str, _kept_as(REASONS)]


class OfComplaint(BaseModel):
    """A form about one complaint."""

    ticket: str = Field(title="Nomor laporan")


class WithText(OfComplaint):
    """Something is said."""

    text: str = Field(title="Isi")


class WithReason(OfComplaint):
    """A reason is given."""

    reason: str = Field(title="Alasan")


class ToAgency(WithReason):
    """Goes to an agency."""

    agency: str = Field(title="Instansi tujuan (kode atau nama)")


class Promise(WithText):
    """Says when the final answer comes."""

    promised_for: datetime = Field(title="Jawaban akhir paling lambat (waktu daerah Anda)")


class Rejection(WithText):
    """Cannot be acted upon."""

    reason_code: Reason = Field(title=f"Alasan ({', '.join(REASONS)})")
    duplicate_of: str = Field("", title="Nomor laporan yang sudah ada (hanya untuk “sudah dilaporkan”)")


class Referral(WithText):
    """Goes to a body outside."""

    outside_body: str = Field(title="Instansi luar (kode atau nama)")


class Counter(BaseModel):
    """A complaint that an operator writes down for somebody else."""

    channel: Channel = Field("loket", title=f"Kanal ({', '.join(CHANNELS)})", validate_default=True)
    type: Type = Field("pengaduan", title=f"Jenis ({', '.join(TYPES)})", validate_default=True)
    category: str = Field("", title="Kode kategori (kosongkan bila tidak tahu)")
    text: str = Field(title="Apa yang terjadi")
    district: str = Field("", title="Kode kecamatan")
    village: str = Field("", title="Kode kelurahan atau desa")
    address: str = Field("", title="Alamat")
    name: str = Field("", title="Nama pelapor")
    phone: str = Field("", title="Telepon pelapor")
    email: str = Field("", title="Surel pelapor")
    anonymous: bool = Field(False, title="Anonim")
    confidential: bool = Field(False, title="Rahasia")
    reported_agency: str = Field("", title="Kode instansi yang dilaporkan (bila tentang kantor atau pejabat)")


class NewAccount(BaseModel):
    """Somebody who is to log in."""

    username: str = Field(
        title="Nama pengguna", min_length=3, max_length=100, pattern=r"^[a-z0-9][a-z0-9._-]+$"
    )
    full_name: str = Field(title="Nama lengkap", min_length=2, max_length=160)
    email: str = Field(title="Surel", min_length=5, max_length=255, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    phone: str = Field("", title="Telepon", max_length=40)


class OfAccount(BaseModel):
    """A form about one account."""

    username: str = Field(title="Nama pengguna")
