"""The fields of the panel's forms; a title is what stands beside the field."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from lapor.complaints.desk import REJECTION_REASONS


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

    reason_code: str = Field(title=f"Kode alasan ({', '.join(REJECTION_REASONS)})")
    duplicate_of: str = Field("", title="Nomor laporan yang sudah ada (hanya untuk duplicate)")


class Referral(WithText):
    """Goes to a body outside."""

    outside_body: str = Field(title="Instansi luar (kode atau nama)")


class Counter(BaseModel):
    """A complaint that an operator writes down for somebody else."""

    channel: str = Field("counter", title="Kanal (counter, phone, kiosk)")
    type: str = Field("complaint", title="Jenis (complaint, aspiration, information, service)")
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
