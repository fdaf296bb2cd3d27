"""How the replies of a conversation are worded, in Indonesian and English; buttons are short enough for every channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from lapor import locales
from lapor.intake.dialogue import Dialogue, Reply
from lapor.locales import say, say_many

# The shortest limit that any provider has for a button.
LONGEST_LABEL: Final = 20
SHOWN: Final = 600


@dataclass(frozen=True)
class Spoken:
    """What we say, with the buttons beneath it: their codes and labels."""

    text: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Known:
    """What the words may name beside the dialogue."""

    region: str = ""
    place: str = ""
    ticket: str = ""
    standings: Sequence[str] = ()
    emergency_numbers: Sequence[tuple[str, str]] = ()


@contextmanager
def spoken_in(language: str) -> Iterator[None]:
    """Word everything inside the block in this language."""
    before = locales.current()
    locales.use(language)
    try:
        yield
    finally:
        locales.use(before)


def worded(replies: Sequence[Reply], dialogue: Dialogue | None, known: Known) -> Spoken:
    """Return all replies of a turn as one message; the buttons are those of the last reply that has any."""
    texts = [_text(reply.code, dialogue or Dialogue(), known) for reply in replies]
    choices = next((reply.choices for reply in reversed(replies) if reply.choices), ())
    return Spoken("\n\n".join(texts), tuple((code, _label(code)) for code in choices))


def _text(code: str, dialogue: Dialogue, known: Known) -> str:
    if code == "summary":
        return _summary(dialogue, known)
    if code == "emergency":
        return _emergency(known)
    if code == "standing":
        return "\n\n".join(known.standings) or say("Kami tidak menemukan laporan Anda di kanal ini.")
    return _sentences()[code]().format(region=known.region, ticket=known.ticket)


def _sentences() -> dict[str, Callable[[], str]]:
    return {
        "greeting": lambda: say("Halo, ini kanal pengaduan {region}."),
        "what": lambda: say("Ceritakan apa yang terjadi, dengan kata-kata Anda sendiri."),
        "where": lambda: say(
            "Di mana tempatnya? Tulis nama jalan dan kelurahan atau kecamatannya, atau kirim titik lokasi."
        ),
        "photo": lambda: say("Ada fotonya? Kirim sekarang, atau lewati."),
        "privacy": lambda: say(
            "Bagaimana laporan ini ditangani?\n\n1. Biasa: instansi dapat menghubungi Anda.\n2. Anonim: nama dan"
            " nomor Anda disembunyikan dari instansi dan publik.\n3. Rahasia: isinya tidak ditampilkan kepada publik."
        ),
        "change": lambda: say("Apa yang ingin Anda ubah?"),
        "filed_silently": lambda: say(
            "Karena tidak ada kabar dari Anda, laporan ini kami kirim seperti yang sudah Anda ceritakan."
        ),
        "filed_before": lambda: say(
            "Halo. Tulis tambahan untuk laporan Anda, atau kirim “lapor” untuk membuat laporan baru."
        ),
        "added": lambda: say("Sudah kami tambahkan ke laporan {ticket}. Untuk laporan baru, kirim “lapor”."),
        "closed": lambda: say(
            "Laporan {ticket} sudah ditutup. Bila masalahnya belum selesai, buka kembali melalui tautannya, atau kirim"
            " “lapor” untuk membuat laporan baru."
        ),
        "unknown": lambda: say("Nomor laporan ini tidak kami kenal."),
        "not_yours": lambda: say("Tambahan hanya diterima dari pelapornya. Tidak ada yang kami ubah."),
        "help": lambda: say(
            "Kirim “lapor” untuk membuat laporan baru, “status” untuk melihat laporan Anda, nomor laporan untuk"
            " melihat satu laporan, atau “batal” untuk berhenti. Untuk menambah laporan, balas pesan kami atau tulis"
            " nomornya."
        ),
        "cancelled": lambda: say("Baik, tidak ada yang kami kirim."),
        "nothing_to_cancel": lambda: say("Tidak ada yang perlu dibatalkan."),
        "slow": lambda: say(
            "Pesan Anda banyak sekali. Semuanya kami simpan dan kami baca berurutan beberapa menit lagi; tidak perlu"
            " dikirim ulang."
        ),
        "too_much": lambda: say(
            "Pesan Anda hari ini banyak sekali. Semuanya kami simpan; petugas akan membaca sisanya. Tidak perlu dikirim"
            " ulang."
        ),
        "welcome": lambda: say("Sama-sama."),
        "calm": lambda: say("Kami ingin membantu. Ceritakan apa yang terjadi dan di mana."),
        "sticker": lambda: say("Stiker belum dapat kami baca."),
        "empty": lambda: say(
            "Pesan ini belum dapat kami baca. Kami mengerti teks, foto, pesan suara, dokumen, dan lokasi."
        ),
    }


def _emergency(known: Known) -> str:
    numbers = "\n".join(f"{number} · {name}" for number, name in known.emergency_numbers) or "112"
    return say("Bila ada yang terancam jiwanya, telepon sekarang:") + "\n" + numbers


def _summary(dialogue: Dialogue, known: Known) -> str:
    text = dialogue.text if len(dialogue.text) <= SHOWN else dialogue.text[:SHOWN].rstrip() + " …"
    place = ", ".join(dict.fromkeys(part for part in (dialogue.address, known.place) if part))
    if not place:
        place = say("titik lokasi yang Anda kirim") if dialogue.point else say("belum ada")
    lines = [
        say("Ini laporan Anda:"),
        "",
        text,
        "",
        say("Tempat: {place}").format(place=place),
        say("Perlakuan: {privacy}").format(privacy=_label(dialogue.privacy or "open")),
    ]
    if dialogue.photos:
        lines.append(say_many("{count} foto", "{count} foto", dialogue.photos).format(count=dialogue.photos))
    return "\n".join([*lines, "", say("Kirim sekarang?")])


def _label(code: str) -> str:
    return {
        "skip": lambda: say("Lewati"),
        "open": lambda: say("Biasa"),
        "anonymous": lambda: say("Anonim"),
        "confidential": lambda: say("Rahasia"),
        "send": lambda: say("Kirim"),
        "change": lambda: say("Ubah"),
        "change_what": lambda: say("Isi laporan"),
        "change_where": lambda: say("Tempat"),
        "change_privacy": lambda: say("Perlakuan"),
    }[code]()[:LONGEST_LABEL]
