"""`lapor servers`: the embedded servers for somebody who wants to look inside with other programs."""

import argparse
import signal
from collections.abc import Mapping

from lapor.commands import OK, Failed, say
from lapor.runtime import grounded

LOOK_SECONDS = 1


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "The addresses hold passwords. Only where LAPOR_DATABASE_URL and LAPOR_REDIS_URL are not set."
    )
    parser.add_argument(
        "--database",
        metavar="NAME",
        help="print the address of this database, such as one that a replay kept",
    )


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Keep them until SIGINT or SIGTERM."""
    ended = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ended)
    with grounded(environ) as ground:
        if ground.servers is None:
            raise Failed("servers are named by LAPOR_DATABASE_URL and LAPOR_REDIS_URL: these are not ours")
        say(f"postgres {ground.servers.admin_url(options.database or 'lapor_demo')}")
        say(f"redis    {ground.servers.redis_url}")
        while signal.sigtimedwait(ended, LOOK_SECONDS) is None:
            ground.servers.heal()
    return OK
