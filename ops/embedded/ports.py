"""Ports of the embedded servers: a taken one is told before anything is started, by the setting that moves it."""

import asyncio
import errno
import random
import socket
import time
from collections.abc import Mapping

from ops.process import StackError

LOOPBACK = "127.0.0.1"
BELOW_EPHEMERAL = range(20_000, 32_000)  # the kernel gives no outgoing connection a port from here


async def require_free(ports: Mapping[str, int], patience: float = 2.0) -> None:
    """Make sure that each port, given by the variable that sets it, can be bound on loopback.

    Waits `patience` seconds, as the servers of a stack that was just killed may be a moment behind it.

    Raises:
        StackError: a port is taken, named twice, or not ours to bind.
    """
    seen: dict[int, str] = {}
    for variable, port in ports.items():
        if port in seen:
            raise StackError(f"{variable}={port} is the same port as {seen[port]}; set another one")
        seen[port] = variable
    deadline = time.monotonic() + patience
    for variable, port in ports.items():
        while error := _bind_error(port):
            if error != errno.EADDRINUSE:
                raise StackError(f"{variable}={port} cannot be bound ({errno.errorcode[error]}); set another port")
            if time.monotonic() > deadline:
                raise StackError(f"{variable}={port} is in use by another process; stop it or set another port")
            await asyncio.sleep(0.1)


def free_ports(count: int, among: range = BELOW_EPHEMERAL) -> list[int]:
    """That many different free ports on loopback, for tests and benchmarks."""
    chosen: list[int] = []
    while len(chosen) < count:
        port = random.choice(among)  # noqa: S311
        if port not in chosen and not _bind_error(port):
            chosen.append(port)
    return chosen


def _bind_error(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.errno or errno.EIO
    return 0
