#!/bin/sh
# Makes .venv from the hashed requirements. Does nothing when nothing changed since it last succeeded.
set -eu
cd "$(dirname "$0")/.."

VENV=.venv
STAMP=$VENV/.waybill-stamp

fail() {
    echo "setup: $1" >&2
    exit 1
}

usable() {
    # A venv that was moved or copied is not: its scripts name the place where it was made.
    grep -qF "$PWD/$VENV" "$VENV/bin/activate" 2>/dev/null && "$VENV/bin/python" -m pip --version >/dev/null 2>&1
}

state() {
    { pwd; cat requirements/dev.txt requirements/uv.txt pyproject.toml ops/setup.sh; } | cksum
}

find_python() {
    for name in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
}

make_venv() {
    python=$(find_python)
    [ -n "$python" ] || fail "no Python 3.11 or newer found; install one, or name it: make setup PYTHON=/path/to/python3"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python comes without venv; install it (Debian, Ubuntu: apt-get install python3-venv) and run this again"
    echo "setup: making $VENV with $("$python" --version)"
    rm -rf "$VENV"
    "$python" -m venv "$VENV" || fail "$python could not make $VENV; what it said is above"
}

[ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$(state)" ] && "$VENV/bin/python" -c '' 2>/dev/null && exit 0

usable || make_venv
rm -f "$STAMP"
wanted=$(sed -n 's/^uv==\([0-9.]*\).*/uv \1/p' requirements/uv.txt)
case "$("$VENV/bin/uv" --version 2>/dev/null || true) " in
"$wanted "*) ;;
*)
    "$VENV/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt ||
        fail "uv could not be installed; is the package index reachable?"
    ;;
esac
echo "setup: installing requirements"
export VIRTUAL_ENV="$PWD/$VENV"
if [ -e /etc/ssl/certs/ca-certificates.crt ] || [ -e /etc/pki/tls/certs/ca-bundle.crt ]; then
    export UV_SYSTEM_CERTS=1 # as pip does: a company's proxy is trusted where the machine trusts it
fi
# With bytecode: where Python may not write it by itself, every start of a process would compile every library again.
"$VENV/bin/uv" pip install -q --require-hashes --compile-bytecode -r requirements/dev.txt || fail "the requirements could not be installed"
"$VENV/bin/uv" pip install -q --no-deps --no-build-isolation -e . || fail "Waybill itself could not be installed"
state >"$STAMP"
