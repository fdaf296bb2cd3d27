"""Accounts of officers as forms of the panel."""

from __future__ import annotations

from typing import Any

from lapor.admin import accounts, form_models
from lapor.admin.offices import Officer
from lapor.admin.panel_form import PEOPLE, form


async def _create_account(officer: Officer, data: Any) -> str:
    password = await accounts.create(**data.model_dump())
    return f"Akun {data.username} dibuat. Kata sandi sekali pakai: {password}"


async def _reset_password(officer: Officer, data: Any) -> str:
    password = await accounts.reset(data.username)
    return f"Kata sandi sekali pakai untuk {data.username}: {password}"


async def _end_sessions(officer: Officer, data: Any) -> str:
    await accounts.end_sessions(data.username)
    return f"{data.username} sudah dikeluarkan dari semua perangkat."


async def _remove_authenticator(officer: Officer, data: Any) -> str:
    await accounts.remove_authenticator(data.username)
    return f"Autentikator {data.username} dilepas."


FORMS = [
    form(
        "Buat akun",
        PEOPLE,
        form_models.NewAccount,
        _create_account,
        "Kata sandi sekali pakai ditampilkan satu kali. Haknya mengikuti jabatan yang kemudian diisi.",
    ),
    form(
        "Atur ulang kata sandi",
        PEOPLE,
        form_models.OfAccount,
        _reset_password,
        "Sesi yang masih terbuka diakhiri.",
    ),
    form(
        "Akhiri sesi seseorang",
        PEOPLE,
        form_models.OfAccount,
        _end_sessions,
        "Untuk perangkat yang hilang atau lupa ditinggalkan. Kata sandinya tetap.",
    ),
    form(
        "Lepas autentikator",
        PEOPLE,
        form_models.OfAccount,
        _remove_authenticator,
        "Untuk petugas yang kehilangan ponsel dan kode cadangan. Pastikan dulu bahwa memang dia yang meminta.",
    ),
]
