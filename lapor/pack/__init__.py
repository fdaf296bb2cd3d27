"""The region pack: a folder of TOML and CSV that makes an empty deployment the one of a region.

Nothing of a region stands in code or migrations. `load` reads and checks a folder, `diff` says what it
would change, `apply` changes it in one transaction, `export` writes the registers back as a folder.
"""

from lapor.pack.contents import Change, Manifest, Pack, PackError, Problem
from lapor.pack.files import write
from lapor.pack.loading import load
from lapor.pack.store import apply, diff, export

__all__ = ["Change", "Manifest", "Pack", "PackError", "Problem", "apply", "diff", "export", "load", "write"]
