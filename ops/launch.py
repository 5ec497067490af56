"""Starts one supervised process: gives up root where asked, ties its life to its parent's, becomes the command.

Run by path as `python -I -S launch.py OPTIONS -- COMMAND…`, so it imports the standard library only. All happens
in a fresh process of one thread: `preexec_fn` would do it in a fork of a threaded parent, where it may deadlock.
The order matters: Linux forgets the parent-death signal when credentials change, so that it is asked for last.
"""

import argparse
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 4
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    options = _parser().parse_args()
    try:
        if options.uid is not None:
            _become(options.uid, options.gid, keep_access=options.keep_access)
        _die_with_parent(options.death_signal, options.parent)
        for number in (
            signal.SIGPIPE,
            signal.SIGXFSZ,
        ):  # Python ignores these; what is ignored stays so after exec
            signal.signal(number, signal.SIG_DFL)
        os.execv(options.command[0], options.command)  # noqa: S606
    except OSError as error:
        sys.exit(f"cannot start {options.command[0]}: {error.strerror}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--death-signal", type=int, required=True)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--keep-access", action="store_true")
    parser.add_argument("command", nargs="+")
    return parser


def _become(uid: int, gid: int, *, keep_access: bool) -> None:
    """Give up root for `uid`; with `keep_access`, keep the capability that enters closed directories."""
    libc = ctypes.CDLL(None, use_errno=True)
    if keep_access:  # without this bit access(2), which initdb asks first, leaves capabilities out of account
        _check(libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0))
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if keep_access:
        mask = 1 << CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        data = (ctypes.c_uint32 * 6)(
            mask, mask, mask, 0, 0, 0
        )  # effective, permitted, inheritable: low and high words
        _check(libc.capset(header, data))
        _check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0))


def _die_with_parent(number: int, parent: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    _check(ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0))
    if os.getppid() != parent:  # it died before the call above: nobody will tell us
        sys.exit("the process that started this one is gone")


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main()
