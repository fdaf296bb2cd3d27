"""Pictures as strangers send them, and the only form in which one is kept: upright, small, JPEG, nothing else in it.

Re-encoding drops everything beside the pixels: EXIF with place and device, comments, previews, hidden tails.
"""

import asyncio
import hashlib
import io
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar

from PIL import ExifTags, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

MEDIA_TYPE: Final = "image/jpeg"
MOST_BYTES: Final = 10 * 1024 * 1024
MOST_PIXELS: Final = 12_600_000
# A JPEG is reduced while it is read, so it may be larger than what fits into memory whole.
MOST_JPEG_PIXELS: Final = 25_000_000
LONG_SIDE: Final = 1600
SMALL_SIDE: Final = 320
QUALITY: Final = 80
ALIKE: Final = 6

# Why a file cannot be used, by a code that may stand in an address.
REASONS: Final = {
    "kosong": "berkasnya kosong.",
    "berat": "berkasnya lebih dari 10 MB. Perkecil dahulu, lalu kirim lagi.",
    "heic": "formatnya HEIC, yang belum dapat kami buka. Kirim sebagai JPEG, atau kirim tangkapan layarnya.",
    "video": "ini video. Kirim fotonya saja.",
    "jenis": "ini bukan foto JPEG, PNG, atau WebP.",
    "besar": "gambarnya terlalu besar untuk dibuka. Perkecil dahulu, lalu kirim lagi.",
    "rusak": "berkasnya rusak dan tidak dapat dibuka.",
    "lebih": "paling banyak 5 foto sekaligus.",
    "gagal": "ada gangguan di pihak kami. Kirim lagi fotonya lewat balasan di halaman laporan Anda.",
}

_FORMATS = (
    JpegImagePlugin.JpegImageFile.format,
    PngImagePlugin.PngImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
)
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")
# Kinds of pixels that can be averaged as they are.
_SMOOTH = frozenset(["RGB", "RGBA", "L", "LA", "CMYK", "YCbCr"])
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# A picture of which only the header is small is refused, and not merely remarked upon.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class Unusable(Exception):
    """A file that is no usable photo; `code` is a key of REASONS."""

    def __init__(self, code: str) -> None:
        super().__init__(REASONS[code])
        self.code = code


@dataclass(frozen=True)
class Picture:
    """A picture as it is kept. `likeness` is a difference hash of 64 bits, signed as PostgreSQL keeps it."""

    body: bytes = field(repr=False)
    width: int
    height: int
    sha256: bytes
    likeness: int


def read(raw: bytes) -> Picture:
    """Return the picture in a file; raises Unusable, whatever is in the file."""
    _check_beginning(raw)
    try:
        with Image.open(io.BytesIO(raw), formats=_FORMATS) as opened:
            _check_size(opened)
            return _kept(_reduced(opened))
    except Unusable:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unusable("besar") from None
    except Exception:
        # A crafted file can make a decoder raise anything at all.
        raise Unusable("rusak") from None


def small(body: bytes) -> bytes:
    """Return a kept picture small enough for a strip of photos, as JPEG."""
    with Image.open(io.BytesIO(body), formats=_FORMATS) as opened:
        opened.draft("RGB", (SMALL_SIDE, SMALL_SIDE))
        opened.thumbnail((SMALL_SIDE, SMALL_SIDE))
        return _encoded(opened.convert("RGB"))


def distance(left: int, right: int) -> int:
    """Return in how many of their 64 bits two likenesses differ; up to ALIKE they show the same."""
    return ((left ^ right) & (2**64 - 1)).bit_count()


_Result = TypeVar("_Result")
# One at a time: the memory for one large picture is all that a process spends on them.
_ONE_AT_A_TIME = ThreadPoolExecutor(1, thread_name_prefix="pictures")


async def aside(work: Callable[[bytes], _Result], raw: bytes) -> _Result:
    """Run `read` or `small` beside the event loop, one picture after the other."""
    return await asyncio.get_running_loop().run_in_executor(_ONE_AT_A_TIME, work, raw)


def _check_beginning(raw: bytes) -> None:
    if not raw:
        raise Unusable("kosong")
    if len(raw) > MOST_BYTES:
        raise Unusable("berat")
    if raw[4:8] == b"ftyp":
        raise Unusable("heic" if raw[8:12] in _HEIF_BRANDS else "video")
    webp = raw[:4] == b"RIFF" and raw[8:12] == b"WEBP"
    if not (webp or raw.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))):
        raise Unusable("jenis")


def _check_size(opened: Image.Image) -> None:
    """Judge by the header, before a single pixel is unpacked."""
    jpeg = isinstance(opened, JpegImagePlugin.JpegImageFile)
    # A progressive one is held whole while it is read.
    limit = MOST_JPEG_PIXELS if jpeg and not opened.info.get("progressive") else MOST_PIXELS
    if opened.width * opened.height > limit:
        raise Unusable("besar")


def _reduced(opened: Image.Image) -> Image.Image:
    scale = min(1.0, LONG_SIDE / max(opened.size))
    opened.draft("RGB", (round(opened.width * scale), round(opened.height * scale)))
    turn = None
    with suppress(Exception):
        # What a device wrote about the picture may be nonsense; the picture is not.
        turn = _TURNS.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
    if opened.mode not in _SMOOTH:
        opened = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    # Small before anything else: each further step would hold the large picture once more.
    opened.thumbnail((LONG_SIDE, LONG_SIDE))
    shown = _on_paper(opened)
    return shown.transpose(turn) if turn is not None else shown


def _on_paper(opened: Image.Image) -> Image.Image:
    """The picture without transparency, on white."""
    if not opened.has_transparency_data:
        return opened.convert("RGB")
    shown = opened.convert("RGBA")
    paper = Image.new("RGB", shown.size, "white")
    paper.paste(shown, mask=shown.getchannel("A"))
    return paper


def _kept(image: Image.Image) -> Picture:
    body = _encoded(image)
    return Picture(body, image.width, image.height, hashlib.sha256(body).digest(), _likeness(image))


def _encoded(image: Image.Image) -> bytes:
    # Pillow would carry comments and XMP over from what it read.
    image.info = {}
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _likeness(image: Image.Image) -> int:
    """The difference hash: for each of 8 × 8 neighbours in a 9 × 8 grey picture whether the left one is brighter."""
    grey = image.convert("L").resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    found = 0
    for row in range(8):
        for column in range(8):
            place = row * 9 + column
            found = found << 1 | (grey[place] > grey[place + 1])
    return found - 2**64 if found >= 2**63 else found
