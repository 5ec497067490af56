"""One stack per data directory, by a lock that the kernel frees however its holder ends."""

import fcntl
import os
import signal
import time
from pathlib import Path
from typing import TextIO

from ops.process import StackError

LOCK_NAME = "stack.lock"


class StackLock:
    """Held by the process that runs the stack; the file also tells others its process id."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / LOCK_NAME
        self._file: TextIO | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            StackError: another process holds it.
        """
        file = self._path.open("a+")
        if not _try_lock(file):
            holder = _read_pid(file)
            file.close()
            raise StackError(
                f"a Waybill stack (pid {holder}) already runs on {self._path.parent};"
                " stop it with `make down` or set WAYBILL_DATA_DIR"
            )
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give it back; safe to call without holding it."""
        if self._file:
            self._file.close()
            self._file = None


def stop_running(data_dir: Path, timeout: float = 60.0) -> int | None:
    """Ask the process that runs the stack on `data_dir` to stop, and wait until it has.

    Gives its process id, or nothing if none ran.

    Raises:
        StackError: it belongs to another user, or did not stop in time.
    """
    path = data_dir / LOCK_NAME
    if not path.exists():
        return None
    with path.open("r+") as file:
        if _try_lock(file):
            return None
        pid = _read_pid(file)
        try:
            os.kill(pid, signal.SIGTERM)
        except PermissionError:
            raise StackError(
                f"the stack on {data_dir} (pid {pid}) was started by another user; stop it as that user"
            ) from None
        deadline = time.monotonic() + timeout
        while not _try_lock(file):
            if time.monotonic() > deadline:
                raise StackError(f"the stack on {data_dir} (pid {pid}) did not stop within {timeout:.0f} s")
            time.sleep(0.1)
    return pid


def _try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_pid(file: TextIO) -> int:
    file.seek(0)
    return int(file.read().strip() or 0)
