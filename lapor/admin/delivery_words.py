"""What a letter is called by its kind, where its words may not be shown."""

from collections.abc import Mapping
from typing import Final

OTHER: Final = "Pemberitahuan"
LETTERS: Final[Mapping[str, str]] = {
    "acknowledgement": "Tanda terima laporan",
    "answered": "Jawaban",
    "promised": "Jawaban sementara",
    "asked": "Pertanyaan kepada pelapor",
    "completed": "Laporan selesai dikerjakan",
    "rejected": "Laporan tidak dapat ditindaklanjuti",
    "referred": "Laporan dilimpahkan",
    "routed": "Laporan diteruskan ke instansi",
    "replied": "Keterangan baru dari pelapor",
    "disputed": "Pelapor menyatakan bukan jawaban",
    "reopened": "Laporan dibuka kembali",
    "instructed": "Instruksi pimpinan",
    "instruction_done": "Instruksi sudah dilaksanakan",
    "rung_notify": "Pemberitahuan tenggat",
    "rung_remind": "Pengingat tenggat",
    "rung_escalate": "Eskalasi",
    "rung_close": "Penutupan laporan",
    "approval_requested": "Permintaan pemeriksaan hasil",
    "approval_refused": "Penolakan pemeriksa hasil",
    "transfer_offered": "Tawaran alih tangan",
    "transfer_refused": "Penolakan alih tangan",
    "digest": "Ringkasan harian",
    "day_list": "Daftar pagi",
    "weekly_letter": "Surat mingguan",
    "alarm": "Peringatan sistem",
    "password_reset": "Pengaturan ulang kata sandi",
    "channel_trial": "Pesan uji kanal",
    "chat": "Pesan dalam percakapan",
    "mail_asked": "Pertanyaan lewat surel",
    "mail_not_added": "Surel untuk laporan yang sudah ditutup",
    "attachments_refused": "Lampiran yang tidak diterima",
    "mentioned": "Penyebutan rekan dalam catatan",
}
