"""The account PostgreSQL runs under, which refuses to run as root."""

import os
import pwd
import stat
from pathlib import Path

from ops.process import RunAs, StackError

ACCOUNTS = ("nobody", "postgres", "daemon")
CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_SETGID, CAP_SETUID, CAP_SETPCAP = 0, 1, 6, 7, 8
WAY_OUT = "run Waybill as a normal user or set WAYBILL_DATABASE_URL"


def account_for(data: Path, program: Path) -> RunAs | None:
    """The account to run `program` under with its files in `data`; none where we are not root and stay who we are.

    A directory above that is closed to that account (a checkout in `/root`) is entered by one capability it keeps.

    Raises:
        StackError: root lacks what it takes to become somebody else.
    """
    if os.geteuid() != 0:
        return None
    entry = _entry(data)
    keep_access = not all(_may_enter(entry, path) for path in (data, program))
    needed = {CAP_CHOWN, CAP_SETGID, CAP_SETUID} | ({CAP_DAC_OVERRIDE, CAP_SETPCAP} if keep_access else set())
    if missing := needed - _capabilities():
        raise StackError(
            f"PostgreSQL does not run as root, and this root lacks capabilities {sorted(missing)} to run it as"
            f" {entry.pw_name}; {WAY_OUT}"
        )
    return RunAs(entry.pw_uid, entry.pw_gid, keep_access)


def _entry(data: Path) -> pwd.struct_passwd:
    """The owner of data that is there already, or the first account made for this, or any that is not root."""
    known = {entry.pw_uid: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    owner = data.stat().st_uid if data.exists() else 0
    if owner in known:
        return known[owner]
    by_name = {entry.pw_name: entry for entry in known.values()}
    for name in ACCOUNTS:
        if name in by_name:
            return by_name[name]
    if not known:
        raise StackError(f"PostgreSQL does not run as root, and this machine has no other account; {WAY_OUT}")
    return next(iter(known.values()))


def _may_enter(entry: pwd.struct_passwd, path: Path) -> bool:
    """Whether the account can reach `path` through the directories above it, and run it if it is a program."""
    above = {*path.parents, *path.resolve().parents}
    target = [path] if path.is_file() else []
    return all(_allows(entry, each, stat.S_IXOTH) for each in above if each.exists()) and all(
        _allows(entry, each, stat.S_IXOTH | stat.S_IROTH) for each in target
    )


def _allows(entry: pwd.struct_passwd, path: Path, wanted: int) -> bool:
    found = path.stat()
    shift = 6 if found.st_uid == entry.pw_uid else 3 if found.st_gid == entry.pw_gid else 0
    return found.st_mode >> shift & wanted == wanted


def _capabilities() -> set[int]:
    status = Path("/proc/self/status")
    if not status.exists():  # no Linux: root is root
        return set(range(64))
    line = next(line for line in status.read_text().splitlines() if line.startswith("CapEff:"))
    mask = int(line.split()[1], 16)
    return {number for number in range(64) if mask >> number & 1}
