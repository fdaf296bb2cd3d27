"""How a policy is written down: in a region pack (TOML) and in the rows of the register."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar, get_args

from lapor.sla.clock import Counting, Duration, End, Start, Unit
from lapor.sla.ladder import Base, Ladder, Placement, Rung, Step
from lapor.sla.policy import SELECTORS, ClockKind, Policy

T = TypeVar("T")

ONE_MINUTE = timedelta(minutes=1)
MINUTES = {"minutes": 1, "hours": 60, "days": 24 * 60}


class PolicyError(ValueError):
    """A policy that is written down wrongly; `policy` and `field` name what to correct."""

    def __init__(self, policy: str, field: str, problem: str) -> None:
        self.policy, self.field, self.problem = policy, field, problem
        super().__init__(f"policy {policy}: {field} {problem}")


def policy_from_mapping(written: Mapping[str, Any]) -> Policy:
    """The policy that a TOML table or a register row (with its rungs under `rung`) describes.

    A key that is None counts as absent; dates and times may be ISO text; rungs are numbered as they
    come. Working days begin on the next working day and end with the day unless the policy says
    otherwise. Raises `PolicyError`, which names the field.
    """
    form = Form(written, f"{written.get('code') or written.get('clock')!r}")
    clock: ClockKind = form.choice("clock", get_args(ClockKind))
    unit: Unit = form.choice("unit", get_args(Unit))
    valid_from = form.day("valid_from") or form.missing("valid_from")
    policy = Policy(
        code=form.text("code") or f"{clock}-{valid_from}",
        clock=clock,
        duration=form.made("amount", lambda: Duration(form.required("amount"), unit)),
        valid_from=valid_from,
        valid_until=form.day("valid_until"),
        source=form.text("source") or form.missing("source"),
        counting=_counting(form, by_day=unit == "working_days"),
        ladder=_ladder(form),
        confirmed=form.flag("confirmed", False),
        id=form.take("id", int, 0),
        **{name: form.text(name) for name in SELECTORS},
    )
    form.refuse_the_rest()
    return policy


def policy_as_mapping(policy: Policy) -> dict[str, Any]:
    """What `policy_from_mapping` reads back as the same policy, without absent keys and without the id."""
    written = {
        "code": policy.code,
        "clock": policy.clock,
        **{name: getattr(policy, name) for name in SELECTORS},
        "amount": policy.duration.amount,
        "unit": policy.duration.unit,
        "start": policy.counting.start,
        "ends": policy.counting.ends,
        "after_hours_rolls": policy.counting.after_hours_rolls,
        "weekend_rolls": policy.counting.weekend_rolls,
        "skip_holidays": policy.counting.skip_holidays,
        "valid_from": policy.valid_from,
        "valid_until": policy.valid_until,
        "source": policy.source,
        "confirmed": policy.confirmed,
        "rung": [_rung_as_mapping(rung) for rung in policy.ladder.rungs],
    }
    return {key: value for key, value in written.items() if value is not None}


def _counting(form: "Form", *, by_day: bool) -> Counting:
    start: Start = "next_working_day" if by_day else "immediately"
    end: End = "end_of_day" if by_day else "same_time"
    return Counting(
        start=form.choice("start", get_args(Start), start),
        after_hours_rolls=form.after_hours(),
        weekend_rolls=form.flag("weekend_rolls", False),
        ends=form.choice("ends", get_args(End), end),
        skip_holidays=form.flag("skip_holidays", True),
    )


def _ladder(form: "Form") -> Ladder:
    rungs = []
    for number, written in enumerate(form.take("rung", list, [])):
        if not isinstance(written, Mapping):
            raise PolicyError(form.name, f"rung {number}", "is no table of its own")
        rungs.append(_rung(Form(written, f"{form.name}, rung {number}"), number))
    return form.made("rung", lambda: Ladder(tuple(rungs)))


def _rung(form: "Form", number: int) -> Rung:
    step: Step = form.choice("step", get_args(Step))
    base: Base = form.choice("base", get_args(Base), "due")
    placement: Placement | None = form.choice("placement", (*get_args(Placement), None), None)
    rung = form.made(
        "repeat",
        lambda: Rung(
            number=form.take("number", int, number),
            step=step,
            base=base,
            offset=form.length("offset") or timedelta(0),
            audience=form.texts("audience"),
            placement=placement,
            repeat_every=form.length("repeat"),
        ),
    )
    form.refuse_the_rest()
    return rung


def _rung_as_mapping(rung: Rung) -> dict[str, Any]:
    written = {
        "step": rung.step,
        "base": rung.base,
        "offset_minutes": rung.offset // ONE_MINUTE,
        "audience": list(rung.audience),
        "placement": rung.placement,
        "repeat_minutes": rung.repeat_every and rung.repeat_every // ONE_MINUTE,
    }
    return {key: value for key, value in written.items() if value is not None}


@dataclass
class Form:
    """Reads one table key by key, and knows at the end which keys nobody asked for."""

    written: Mapping[str, Any]
    name: str
    asked: set[str] = field(default_factory=set)

    def take(self, key: str, kind: type[T], default: T) -> T:
        """Return what stands under a key, the default when nothing does."""
        self.asked.add(key)
        value = self.written.get(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise PolicyError(self.name, key, f"cannot be {value!r}")
        return value

    def missing(self, key: str) -> Any:
        """Refuse the policy because a key is missing."""
        raise PolicyError(self.name, key, "is missing")

    def required(self, key: str) -> Any:
        """Return what stands under a key that has to be there, whatever it is."""
        self.asked.add(key)
        value = self.written.get(key)
        return self.missing(key) if value is None else value

    def made(self, key: str, make: Callable[[], T]) -> T:
        """Return what is made of a key; a ValueError is told with the key's name."""
        try:
            return make()
        except PolicyError:
            raise
        except ValueError as wrong:
            raise PolicyError(self.name, key, f"cannot be: {wrong}") from wrong

    def choice(self, key: str, choices: tuple[Any, ...], default: Any = ...) -> Any:
        """Return one of these words; without a default it has to be there."""
        self.asked.add(key)
        value = self.written.get(key)
        if value is None:
            return self.missing(key) if default is ... else default
        if value not in choices:
            known = ", ".join(str(choice) for choice in choices if choice is not None)
            raise PolicyError(self.name, key, f"cannot be {value!r}, only one of: {known}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        return self.take(key, bool, default)

    def text(self, key: str) -> str | None:
        """Return words, None for none."""
        return self.take(key, str, "") or None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of words, which may be empty."""
        listed = self.take(key, list, [])
        if not all(isinstance(item, str) for item in listed):
            raise PolicyError(self.name, key, "is a list of words")
        return tuple(listed)

    def day(self, key: str) -> date | None:
        """Return a day, as TOML has it or as ISO text."""
        self.asked.add(key)
        value = self.written.get(key)
        if isinstance(value, str):
            return self.made(key, lambda: date.fromisoformat(value))
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        raise PolicyError(self.name, key, f"is a day such as 2026-01-31, not {value!r}")

    def after_hours(self) -> bool | time:
        """Return from which time on a start counts as the next day's, or whether closing time decides."""
        key = "after_hours_rolls"
        self.asked.add(key)
        value = self.written.get(key)
        if isinstance(value, str):
            return self.made(key, lambda: time.fromisoformat(value))
        if isinstance(value, bool | time):
            return value
        if value is None:
            return False
        raise PolicyError(self.name, key, f"is true, false or a time such as 17:00, not {value!r}")

    def length(self, key: str) -> timedelta | None:
        """Return the sum of `key_minutes`, `key_hours` and `key_days`, None when none of them is there."""
        given = {f"{key}_{unit}": size for unit, size in MINUTES.items() if f"{key}_{unit}" in self.written}
        self.asked.update(given)
        total = None
        for name, minutes in given.items():
            value = self.written[name]
            if isinstance(value, bool) or not isinstance(value, int | float | None):
                raise PolicyError(self.name, name, f"is a number, not {value!r}")
            if value is not None:
                total = (total or timedelta(0)) + timedelta(minutes=round(value * minutes))
        return total

    def refuse_the_rest(self) -> None:
        """Refuse the policy when a key is left that nobody has asked for."""
        for key in self.written.keys() - self.asked:
            raise PolicyError(self.name, str(key), "is not a field of a policy")
