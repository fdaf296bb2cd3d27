"""`lapor worker`: the minute hand, the outbox and the inbox."""

import argparse
import asyncio
from collections.abc import Mapping

from lapor import worker
from lapor.commands import OK
from lapor.commands.web import must_be_up_to_date
from lapor.runtime import grounded


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "Needs LAPOR_WORKER_DATABASE_URL and LAPOR_REDIS_URL, or neither. Several may run. It goes on without"
        " Redis, and refuses to start when the database is not up to date."
    )


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Work until SIGINT or SIGTERM."""
    with grounded(environ) as ground:
        asyncio.run(must_be_up_to_date(ground, "worker"))
        worker.run(ground.settings)
    return OK
