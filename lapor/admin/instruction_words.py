"""Beginnings of an instruction: read, changed and only then sent. They go to an agency, so they stay in its language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lapor.locales import say


@dataclass(frozen=True)
class Beginning:
    """What it is called in the list of choice, and what it puts into the form."""

    title: str
    text: str


def beginnings() -> Mapping[str, Beginning]:
    """Return the beginnings by code; the first is the one that an empty form has."""
    return {
        "jawab": Beginning(
            say("Jawab dan laporkan"),
            "Jawab setiap laporan ini dengan apa yang sudah dan akan dikerjakan, lalu laporkan pelaksanaannya"
            " paling lambat pada tanggal yang disebut.",
        ),
        "lapangan": Beginning(
            say("Periksa di lapangan"),
            "Periksa setiap laporan ini di lapangan bersama kepala bidang yang membawahinya. Kerjakan yang dapat"
            " dikerjakan sekarang, beri pelapor jawaban dengan foto, lalu laporkan hasilnya.",
        ),
        "hambatan": Beginning(
            say("Jelaskan hambatannya"),
            "Jelaskan mengapa setiap laporan ini belum dijawab dan apa yang menghambatnya. Sebutkan apa yang"
            " diperlukan dari instansi lain, dan kapan pelapor mendapat jawaban.",
        ),
        "janji": Beginning(
            say("Tepati janji kepada pelapor"),
            "Kepada pelapor sudah dijanjikan tanggal yang kini lewat. Selesaikan pekerjaannya, sampaikan jawaban akhir"
            " beserta alasan keterlambatannya, lalu laporkan pelaksanaannya.",
        ),
    }
