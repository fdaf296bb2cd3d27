"""Who does something to a complaint."""

from dataclasses import dataclass

from lapor.database import Role


@dataclass(frozen=True)
class Actor:
    """An officer, the reporter of the complaint, or the system itself."""

    name: str
    person: int | None = None
    reporter_key: str | None = None
    role: Role = "desk"

    @property
    def is_reporter(self) -> bool:
        """Whether the reporter speaks: with the secret link, or through a channel that the worker has read."""
        return self.name == "reporter" and (self.reporter_key is not None or self.role == "worker")

    @classmethod
    def officer(cls, person: int) -> "Actor":
        """Return somebody who is logged in."""
        return cls(f"officer:{person}", person=person)

    @classmethod
    def operator(cls, person: int, reporter_key: str) -> "Actor":
        """Return somebody who is logged in, with the complaint that they have just taken down for its reporter."""
        return cls(f"officer:{person}", person=person, reporter_key=reporter_key)

    @classmethod
    def reporter(cls, reporter_key: str) -> "Actor":
        """Return whoever holds the secret link of one complaint."""
        return cls("reporter", reporter_key=reporter_key)

    @classmethod
    def heard(cls) -> "Actor":
        """Return the reporter as the worker hears them through a channel; whoever calls it knows whose complaint it is."""
        return cls("reporter", role="worker")

    @classmethod
    def system(cls) -> "Actor":
        """Return the system, as the worker runs it."""
        return cls("system", role="worker")
