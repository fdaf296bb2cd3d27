"""Short messages as people write them: greetings, thanks, commands, choices; Indonesian, English, some Javanese."""

from __future__ import annotations

import re
from typing import Final


def _each(*spoken: str, apart: str | None = None) -> frozenset[str]:
    return frozenset(" ".join(spoken).split(apart))


_GREETINGS: Final = _each(
    "halo hallo hai hay hi hello hey p ping tes test selamat pagi siang sore malam assalamualaikum assalamu alaikum",
    "asalamualaikum ass waalaikumsalam wr wb permisi punten good morning afternoon evening day",
    "kulo kula nuwun sugeng enjing enjang siang sonten dalu ndalu rahayu nyuwun sewu",
)
# Whom a greeting names; alone they say nothing either.
_ADDRESSED: Final = _each(
    "pak bu bapak ibu mas mbak kak kakak bang gan min admin mimin dok om tante bos sir madam team tim lapor",
    "gubernur bupati walikota",
)
_THANKS: Final = _each(
    "terima kasih terimakasih makasih trims thx thanks thank you matur suwun nuwun sembah oke ok okay siap baik sip",
    "noted mantap banyak sangat ya",
)
_ABUSE: Final = _each(
    "anjing anjg anjir bangsat bajingan goblok goblog tolol bego asu jancok jancuk cok kampret brengsek kontol memek",
    "tai taik setan babi monyet keparat fuck shit idiot stupid bitch",
)
_COMMANDS: Final = {
    "help": frozenset(("bantuan", "help", "tolong bantuan", "menu", "cara", "cara lapor", "info", "tulung")),
    "cancel": frozenset(
        ("batal", "batalkan", "cancel", "stop", "berhenti", "ora sido", "gak jadi", "tidak jadi")
    ),
    "new": frozenset(
        ("lapor", "lapor baru", "laporan baru", "baru", "new", "report", "mau lapor", "arep lapor")
    ),
}
_LOOKING: Final = _each("cek status lacak check track")
_OF_ONESELF: Final = _each(
    "laporan aduan pengaduan saya nomor tiket ku my report complaint ticket cek status lacak"
)
_DECISIONS: Final = {
    "send": _each(
        "ya|iya|yes|y|ok|oke|kirim|benar|betul|sudah benar|send|correct|nggih|inggih|yo|1|siap|lanjut|setuju",
        apart="|",
    ),
    "change": _each("ubah|salah|ganti|bukan|tidak|no|change|wrong|edit|2|koreksi|dudu", apart="|"),
}
_PRIVACY: Final = {
    "open": _each("1|biasa|terbuka|umum|open|normal|tidak|no|ora|nama saya boleh|public", apart="|"),
    "anonymous": _each("2|anonim|anonymous|tanpa nama|rahasiakan nama|sembunyikan nama", apart="|"),
    "confidential": _each("3|rahasia|rahasiakan|confidential|secret|private|tertutup", apart="|"),
}
_NO: Final = _each(
    "tidak|tidak ada|gak ada|ga ada|nggak ada|belum ada|no|none|lewati|skip|ora|ora ono|ndak ada|tanpa foto|lanjut",
    apart="|",
)
_ENGLISH: Final = _each(
    "the is are my there hello hi please street road broken water near want report help with and of"
)
_INDONESIAN: Final = _each(
    "yang di ada jalan tidak dan saya sudah mohon lampu air depan dekat rusak mau lapor dengan ini itu"
)
_SELLING: Final = _each(
    "promo diskon slot gacor pinjol pinjaman cashback jackpot maxwin togel followers jual obral bonus deposit",
    "investasi profit testimoni grosir reseller",
)
# Somebody who may be in danger is told the numbers to call, whatever else they write.
_DANGER: Final = _each(
    "kebakaran terbakar tenggelam longsor tabrakan kecelakaan perampokan dirampok pembunuhan sekarat",
    "pingsan darurat keracunan gempa ledakan meledak fire drowning accident emergency robbery earthquake",
)
_LINK: Final = re.compile(r"https?://|wa\.me/|bit\.ly/|t\.me/", re.IGNORECASE)


def command(words: list[str]) -> str:
    """The command that a whole message is ("look", "help", "cancel", "new"); empty when it is none."""
    said = " ".join(words)
    if words[:1] and words[0] in _LOOKING and all(word in _OF_ONESELF for word in words[1:]):
        return "look"
    return next((name for name, spoken in _COMMANDS.items() if said in spoken), "")


def greeting(words: list[str]) -> bool:
    """Whether a message only greets."""
    return bool(words) and all(word in _GREETINGS | _ADDRESSED for word in words) and len(words) <= 8


def thanks(words: list[str]) -> bool:
    """Whether a message only thanks or agrees."""
    return bool(words) and all(word in _THANKS | _ADDRESSED for word in words)


def abuse(words: list[str]) -> bool:
    """Whether a message is nothing but insults; a complaint in strong words is a complaint."""
    return (
        bool(words)
        and any(word in _ABUSE for word in words)
        and all(word in _ABUSE | _ADDRESSED | _GREETINGS for word in words)
    )


def emergency(words: list[str]) -> bool:
    """Whether a message names a danger to life."""
    return any(word in _DANGER for word in words) or "bunuh diri" in " ".join(words)


def decision(words: list[str]) -> str:
    """What the answer to a summary means: "send", "change", or nothing known."""
    return _named(_DECISIONS, words)


def privacy(choice: str, words: list[str]) -> str:
    """The privacy that was chosen by button or in words: "open", "anonymous", "confidential", or nothing known."""
    return choice if choice in _PRIVACY else _named(_PRIVACY, words)


def no(words: list[str]) -> bool:
    """Whether a message says that there is none."""
    return " ".join(words) in _NO


def sells(text: str) -> bool:
    """Whether a text looks like an advertisement: a link, and words of a shop."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    shop = words & _SELLING
    return len(shop) > 2 or bool(shop and _LINK.search(text))


def language_of(text: str, before: str) -> str:
    """The language in which to answer: English when the message is clearly that, else as before, else Indonesian."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    english, indonesian = len(words & _ENGLISH), len(words & _INDONESIAN)
    if english > indonesian and (english > 1 or len(words) <= 2):
        return "en"
    return "id" if indonesian > english else before or "id"


def _named(known: dict[str, frozenset[str]], words: list[str]) -> str:
    said = " ".join(words)
    return next((name for name, spoken in known.items() if said in spoken), "")
