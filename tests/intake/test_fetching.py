"""A file is read from the very address that was checked, whatever the name says a moment later."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lapor.intake import fetching
from lapor.intake.channels.talk import Unfetchable
from tests.intake.local_api import Answer, LocalApi

HOME = "https://penyedia.example"
PUBLIC, OTHER, INSIDE = "93.184.215.14", "93.184.215.15", "127.0.0.1"


@dataclass
class Holder(LocalApi):
    """Somebody's server, with what it has under each host and path."""

    has: dict[tuple[str, str], Answer] = field(default_factory=dict)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """What stands there, else 404."""
        return self.has.get((headers["host"], path), (404, {}, b""))


@dataclass
class Internet(httpcore.AsyncNetworkBackend):
    """A network in which every public address is the server on loopback; `dialled` says which ones were asked for."""

    port: int
    dialled: list[str] = field(default_factory=list)
    _real: httpcore.AsyncNetworkBackend = field(default_factory=httpcore.AnyIOBackend)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the interface of httpcore)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the server, whatever the address."""
        self.dialled.append(host)
        return await self._real.connect_tcp("127.0.0.1", self.port, timeout)

    async def sleep(self, seconds: float) -> None:
        """Nothing here waits."""


def _certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server that can prove these names, and a client that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "uji")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "pair.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    client = ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())
    return server, client


@dataclass
class Ground:
    """A client, the servers that it may meet, and what the resolver says to each question, in this order."""

    client: httpx.AsyncClient
    holder: Holder
    internet: Internet
    answers: dict[str, list[str]] = field(default_factory=dict)

    async def resolve(self, host: str | bytes | None, port: Any, **_: Any) -> list[Any]:
        """The next answer for a name; the last one stays."""
        assert isinstance(host, str)
        said = self.answers[host]
        found = said.pop(0) if len(said) > 1 else said[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]


@pytest.fixture
async def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ground]:
    """The provider's own interface is `HOME`; files lie on other hosts."""
    async with _ground(tmp_path, "berkas.example", "lain.example") as made:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", made.resolve, raising=False)
        yield made


@asynccontextmanager
async def _ground(folder: Path, *names: str) -> AsyncIterator[Ground]:
    offered, believed = _certificate(folder, *names)
    holder = Holder()
    server = await asyncio.start_server(holder.serve, "127.0.0.1", 0, ssl=offered)
    internet = Internet(server.sockets[0].getsockname()[1])
    transport = httpx.AsyncHTTPTransport(verify=believed, trust_env=False)
    transport._pool = httpcore.AsyncConnectionPool(ssl_context=believed, network_backend=internet)
    headers = {"Authorization": "Bearer rahasia"}
    try:
        async with httpx.AsyncClient(base_url=HOME, transport=transport, headers=headers) as client:
            yield Ground(client, holder, internet)
    finally:
        server.close()


async def test_a_name_that_changes_its_answer_is_not_asked_again(ground: Ground) -> None:
    ground.answers["berkas.example"] = [PUBLIC, INSIDE]
    ground.holder.has["berkas.example", "/foto"] = (200, {}, b"gambar")
    assert await fetching.read(ground.client, "https://berkas.example/foto", 100) == b"gambar"
    assert ground.internet.dialled == [PUBLIC]
    with pytest.raises(Unfetchable, match="jaringan tertutup"):
        await fetching.read(ground.client, "https://berkas.example/foto", 100)
    assert ground.internet.dialled == [PUBLIC]


async def test_each_hop_of_a_redirect_is_checked_and_goes_where_it_was_checked(ground: Ground) -> None:
    ground.answers |= {"berkas.example": [PUBLIC, INSIDE], "lain.example": [OTHER, INSIDE]}
    ground.holder.has["berkas.example", "/foto"] = (302, {"Location": "https://lain.example/isi?a=1"}, b"")
    ground.holder.has["lain.example", "/isi?a=1"] = (200, {}, b"gambar")
    assert await fetching.read(ground.client, "https://berkas.example/foto", 100) == b"gambar"
    assert ground.internet.dialled == [PUBLIC, OTHER]
    first, second = ground.holder.asked
    assert first[2]["authorization"] == "Bearer rahasia"
    assert "authorization" not in second[2]


async def test_a_redirect_to_a_name_inside_is_not_followed(ground: Ground) -> None:
    ground.answers |= {"berkas.example": [PUBLIC], "dalam.example": [INSIDE, PUBLIC]}
    ground.holder.has["berkas.example", "/foto"] = (302, {"Location": "https://dalam.example/"}, b"")
    with pytest.raises(Unfetchable, match="jaringan tertutup"):
        await fetching.read(ground.client, "https://berkas.example/foto", 100)
    assert ground.internet.dialled == [PUBLIC]


async def test_whoever_answers_must_prove_the_name_and_not_the_address(ground: Ground) -> None:
    ground.answers["palsu.example"] = [PUBLIC]
    ground.holder.has["palsu.example", "/"] = (200, {}, b"gambar")
    with pytest.raises(Unfetchable, match="tidak dapat diambil"):
        await fetching.read(ground.client, "https://palsu.example/", 100)
    assert ground.internet.dialled == [PUBLIC]
    assert ground.holder.asked == []


@pytest.mark.parametrize(
    "address",
    ["::ffff:127.0.0.1", "2002:7f00:1::", "fe80::1%eth0", "10.0.0.1", "169.254.169.254", "224.0.0.1"],
)
async def test_no_way_of_writing_an_address_inside_is_taken(ground: Ground, address: str) -> None:
    ground.answers["berkas.example"] = [address]
    with pytest.raises(Unfetchable, match="jaringan tertutup"):
        await fetching.read(ground.client, "https://berkas.example/foto", 100)
    assert ground.internet.dialled == []
