"""Photos for tests, drawn here: one seed, one scene."""

from __future__ import annotations

import io
import random
from typing import Any

from PIL import ExifTags, Image

MAKER = "Kamera Contoh 7"


def scene(seed: int, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """A picture of soft patches that no other seed has."""
    dice = random.Random(seed)
    patches = Image.new("RGB", (12, 9))
    patches.putdata([tuple(dice.randrange(256) for _ in range(3)) for _ in range(12 * 9)])
    return patches.resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(seed: int, size: tuple[int, int] = (800, 600), **options: Any) -> bytes:
    """A photo as a file."""
    return encoded(scene(seed, size), "JPEG", **options)


def from_phone(seed: int, orientation: int = 1, size: tuple[int, int] = (800, 600)) -> bytes:
    """A photo with everything that a phone writes into it: where, when, with what."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = MAKER
    exif[ExifTags.Base.DateTime] = "2026:11:22 10:15:00"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "S", 2: (7.0, 1.0, 12.5), 3: "E", 4: (110.0, 27.0, 3.25)})
    return jpeg(seed, size, exif=exif, comment=b"rumah Bu Lestari", quality=90)


def heic() -> bytes:
    """The beginning of a HEIC file; no more is needed to know it."""
    return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1" + bytes(400)


def bomb() -> bytes:
    """A file of a few kilobytes that would unpack to 900 million pixels."""
    return encoded(Image.new("1", (30_000, 30_000)), "PNG")
