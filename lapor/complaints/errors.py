"""Why a verb was not carried out; the words are shown to the person who asked."""


class Refused(Exception):
    """The verb is not allowed or what was given does not do; `field` names where to correct it."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Conflict(Refused):
    """Somebody else has changed the complaint since it was opened."""


class NotFound(Refused):
    """There is no such complaint, or none that this person may see: the two look alike."""

    def __init__(self, message: str = "Laporan tidak ditemukan.") -> None:
        super().__init__(message)
