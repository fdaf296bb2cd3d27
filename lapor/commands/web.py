"""`lapor web`: the site, in several processes behind one address."""

import argparse
import asyncio
import os
import socket
from collections.abc import Mapping

import uvicorn
from uvicorn.supervisors import Multiprocess

from lapor import database, schema
from lapor.commands import FAILED, OK, Failed
from lapor.database import Role
from lapor.runtime import Ground, Login, grounded, running

SITE = "lapor.app:from_environment"
STOPPING_SECONDS = 10
# What a proxy may keep open towards us, above the minute that most of them use.
KEEP_ALIVE_SECONDS = 75


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "Needs LAPOR_DATABASE_URL and LAPOR_REDIS_URL, or neither. Put a proxy with TLS before it, named in"
        " LAPOR_TRUSTED_PROXIES. It refuses to start when the database is not up to date."
    )
    parser.add_argument("--port", type=int, help="listen here instead of LAPOR_PORT")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Serve until SIGINT or SIGTERM."""
    with grounded(environ) as ground:
        asyncio.run(must_be_up_to_date(ground, "web"))
        return _serve(ground, options.port or ground.settings.port)


async def must_be_up_to_date(ground: Ground, login: Login) -> None:
    """Raise Failed when migrations are missing: neither web nor worker ever migrates."""
    role: Role = "public" if login == "web" else "worker"
    async with running(ground.settings, login, pool=1), database.transaction(role):
        missing = await schema.pending()
    if missing:
        raise Failed(f"{len(missing)} migrations are missing: run `lapor migrate` first")


def _serve(ground: Ground, port: int) -> int:
    given = ground.settings
    # The processes of the site read their settings from the environment that they inherit.
    os.environ.update(ground.environ)
    config = uvicorn.Config(
        SITE,
        factory=True,
        host=given.host,
        port=port,
        workers=given.web_workers,
        log_config=None,
        access_log=False,
        # The site itself believes trusted proxies only.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOPPING_SECONDS,
    )
    with _listening(config) as listener:
        if given.web_workers > 1:
            Multiprocess(config, sockets=[listener]).run()
            return OK
        server = uvicorn.Server(config)
        server.run(sockets=[listener])
    return OK if server.started else FAILED


def _listening(config: uvicorn.Config) -> socket.socket:
    """The socket of all processes; Failed in one line where uvicorn would end the process."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.host, config.port))
    except OSError as taken:
        listener.close()
        raise Failed(f"cannot listen on {config.host} port {config.port}: {taken.strerror}") from taken
    listener.set_inheritable(True)
    return listener
