"""The one list of every task and timer, and the process that keeps them going, with Redis or without."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import structlog
from redis.exceptions import RedisError

from lapor.complaints.closing_months import close_due
from lapor.complaints.counting import count_up
from lapor.complaints.retention import Terms, erase_due
from lapor.failures import place
from lapor.intake import mailbox, morning, weekly
from lapor.intake.channel_backlog import watch_backlog
from lapor.intake.channel_watch import watch_channels
from lapor.intake.dialogues import end_silences
from lapor.intake.forgetting import forget_over
from lapor.intake.inbound import READ_INBOUND, read_waiting
from lapor.intake.media_fetching import fetch_waiting
from lapor.intake.outbound import drain
from lapor.intake.outbox import look
from lapor.intake.partner_watch import watch_partners
from lapor.runtime import running
from lapor.settings import Settings
from lapor.sla.audit import CODES, watch
from lapor.sla.worker import beat, turn
from lapor.ticker import listen

log = structlog.get_logger()

POOL_SIZE = 8
RECONNECT_SECONDS = 1.0
# How long a task may go on after SIGTERM; what is cut off then is found again by the next worker.
GOODBYE_SECONDS = 20.0
SILENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Task:
    """Something that is done again and again; `run` says whether it found work, and is then run again at once."""

    name: str
    run: Callable[[Settings], Awaitable[bool]]
    seconds: Callable[[Settings], int]
    # What its work makes necessary soon.
    then: str | None = None


async def _sweep(settings: Settings) -> bool:
    swept = await turn(settings.sweep_batch, settings.sweep_lanes)
    if swept.fired or swept.skipped or swept.set_aside:
        log.info("swept", fired=swept.fired, skipped=swept.skipped, poisoned=swept.set_aside)
    return bool(swept.fired)


async def _read_inbound(_: Settings) -> bool:
    return bool(await read_waiting())


async def _mail(_: Settings) -> bool:
    stored = await mailbox.collect()
    if stored:
        log.info("mail", count=stored)
    return bool(stored)


async def _media(_: Settings) -> bool:
    """Photos and voice messages that a provider holds for us."""
    return bool(await fetch_waiting())


async def _dialogues(_: Settings) -> bool:
    """Conversations that nobody goes on with are filed or let go; what is over is forgotten."""
    ended = await end_silences()
    forgotten = await forget_over()
    return bool(ended or forgotten)


async def _channels(_: Settings) -> bool:
    """Silent channels and partners, wrong signatures, deliveries that pile up."""
    await watch_channels()
    await watch_partners()
    await watch_backlog()
    return False


async def _drain(settings: Settings) -> bool:
    done = await drain(settings)
    if done.total:
        log.info("drained", sent=done.sent, failed=done.failed, dead=done.dead)
    return bool(done.total)


async def _morning(_: Settings) -> bool:
    regions = await morning.make()
    if regions:
        log.info("morning", count=regions)
    return bool(regions)


async def _look(_: Settings) -> bool:
    """What the outbox holds, and who can be reached again."""
    outbox = await look()
    await beat(
        "outbox",
        waiting=outbox.waiting,
        dead=outbox.dead,
        oldest_seconds=outbox.oldest_seconds,
        repeated=outbox.repeated,
        alarms=outbox.alarms,
    )
    return bool(outbox.sent_after_all)


async def _audit(_: Settings) -> bool:
    findings = await watch(whole=False)
    for finding in findings:
        log.warning("audit_found", kind=finding.code, count=finding.count)
    found = {finding.code: finding.count for finding in findings}
    await beat("audit", **{code: found.get(code, 0) for code in CODES})
    return False


async def _figures(_: Settings) -> bool:
    return (await count_up()).more


async def _months(settings: Settings) -> bool:
    for month in await close_due(settings.closing_days):
        log.info("month_closed", region=month.region, month=month.month.isoformat())
    return False


async def _weekly(_: Settings) -> bool:
    made = await weekly.make()
    if made:
        log.info("weekly", count=made)
    return bool(made)


async def _retention(settings: Settings) -> bool:
    """What may no longer be kept is erased, one batch at a time."""
    erased = await erase_due(Terms.of(settings))
    await beat("retention", **asdict(erased))
    if erased.total:
        log.info("erased", **asdict(erased))
    return bool(erased.total)


TASKS: Final = (
    Task("sweep", _sweep, lambda settings: settings.sweep_seconds, then="drain"),
    Task(READ_INBOUND, _read_inbound, lambda _: 2, then="drain"),
    Task("mail", _mail, lambda _: 30, then=READ_INBOUND),
    Task("drain", _drain, lambda _: 2),
    Task("media", _media, lambda _: 5, then="drain"),
    Task("channels", _channels, lambda _: 300, then="drain"),
    Task("dialogues", _dialogues, lambda _: 30, then="drain"),
    Task("morning", _morning, lambda _: 60, then="drain"),
    Task("outbox", _look, lambda _: 60, then="drain"),
    Task("audit", _audit, lambda _: 300),
    Task("weekly", _weekly, lambda _: 300, then="drain"),
    Task("retention", _retention, lambda _: 3600),
    Task("figures", _figures, lambda _: 5),
    Task("months", _months, lambda _: 900),
)


class Hands:
    """Runs every task in time: one run of each at once, ticked by arq, and by their own clock when no tick comes."""

    def __init__(self, settings: Settings, tasks: Sequence[Task] = TASKS) -> None:
        self.settings = settings
        self.stop = asyncio.Event()
        self._tasks = {task.name: task for task in tasks}
        self._started: dict[str, float] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._ticking = asyncio.Event()
        self._silent_until: dict[str, float] = {}

    async def work(self) -> None:
        """Work until `stop` is set, then let what is under way come to its end."""
        keepers = {asyncio.create_task(self._keep(task)) for task in self._tasks.values()}
        keepers.add(asyncio.create_task(self._listen()))
        stopped = asyncio.create_task(self.stop.wait())
        log.info("worker_started")
        ended, _ = await asyncio.wait({stopped, *keepers}, return_when=asyncio.FIRST_COMPLETED)
        self.stop.set()
        _, left = await asyncio.wait({stopped, *keepers, *self._running.values()}, timeout=GOODBYE_SECONDS)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        log.info("worker_stopped")
        for task in ended:
            # A keeper that ended by itself ended by a fault of ours; whoever supervises the process sees it.
            task.result()

    async def do(self, name: str) -> None:
        """Run a task now, or once more after the run that is under way; returns when that is done."""
        self.start(name)
        # Whoever asked may go away, with a tick that Redis took along: the work is not interrupted by that.
        await asyncio.shield(self._running[name])

    def start(self, name: str) -> None:
        """The same, without waiting."""
        running = self._running.get(name)
        if running and not running.done():
            self._again.add(name)
        else:
            self._running[name] = asyncio.create_task(self._work(self._tasks[name]))

    async def _work(self, task: Task) -> None:
        more = True
        while more and not self.stop.is_set():
            self._again.discard(task.name)
            self._started[task.name] = asyncio.get_running_loop().time()
            found = await self._once(task)
            if found and task.then and not self.stop.is_set():
                self.start(task.then)
            more = found or task.name in self._again

    async def _once(self, task: Task) -> bool:
        try:
            return await task.run(self.settings)
        except Exception as error:
            # Nothing is lost: what is due stands in the database, and the next run finds it.
            self._note(f"{task.name}:{type(error).__name__}", "task_failed", error, task=task.name)
            return False

    async def _keep(self, task: Task) -> None:
        """Run the task whenever nothing else has run it for so long."""
        while not self.stop.is_set():
            left = self._left(task)
            if left > 0:
                await self._pause(left)
            else:
                await self.do(task.name)

    def _left(self, task: Task) -> float:
        """Seconds until the task is due by our own clock; while arq ticks, that leaves it the first turn."""
        if task.name not in self._started:
            return 0.0
        period = task.seconds(self.settings) * (2 if self._ticking.is_set() else 1)
        return self._started[task.name] + period - asyncio.get_running_loop().time()

    async def _listen(self) -> None:
        """Listen to Redis, and begin anew whenever it went away."""
        periods = {task.name: task.seconds(self.settings) for task in self._tasks.values()}
        while not self.stop.is_set():
            try:
                await listen(self.settings.redis_url, periods, self.do, self._ticking, self.stop)
            except (RedisError, OSError) as error:
                self._note("redis", "redis_does_not_answer", error)
            except Exception as error:
                self._note("ticker", "ticker_failed", error)
            await self._pause(RECONNECT_SECONDS)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)

    def _note(self, about: str, event: str, error: Exception, **facts: str) -> None:
        """Say that something failed, the same thing at most once in a minute."""
        now = asyncio.get_running_loop().time()
        if now >= self._silent_until.get(about, 0.0):
            self._silent_until[about] = now + SILENCE_SECONDS
            log.warning(event, error=type(error).__name__, where=place(error), **facts)


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT. Raises SettingsError when an address or a key is missing."""
    settings.require("worker_database_url", "redis_url", "encryption_keys", "lookup_keys")
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    async with running(settings, "worker", pool=POOL_SIZE):
        hands = Hands(settings)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, hands.stop.set)
        await hands.work()
