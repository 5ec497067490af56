"""Rules of this house that no linter knows: `python -m ops.checks.house_rules`, part of `make check`.

Sizes of functions and files, empty `__init__.py`, a domain of the standard library alone, and no tracked file that
names a place on somebody's machine.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 350

# Written in pieces, so that this file passes its own rule.
MACHINE_PATH = re.compile(
    r"(?<![\w.~$}/-])/(?:" + "|".join(("home", "Users", "root", "work", "opt", "mnt")) + r")/\w[\w.-]*"
)
REGISTRY = re.compile(
    r"--(?:extra-)?index[-]url|--find[-]links|//[\w.-]*(?:artifactory|nexus|devpi|codeartifact)[\w.-]*"
)
PATHS_ALLOWED = ("deploy/", "docker-compose.yml")  # paths inside containers are not a machine's

GENERATED = "# Made by `make "
"""How a file begins whose size is that of what it is made from."""

Rule = Callable[[str, str], Iterator[str]]


def functions_are_short(path: str, text: str) -> Iterator[str]:
    """No function is longer than a screen."""
    for node in ast.walk(ast.parse(text, path)) if path.endswith(".py") else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines, of at most {MAX_FUNCTION_LINES}"


def files_are_short(path: str, text: str) -> Iterator[str]:
    """No Python file grows into a second module."""
    length = text.count("\n")
    if path.endswith(".py") and length > MAX_FILE_LINES and not text.startswith(GENERATED):
        yield f"{path}: {length} lines, of at most {MAX_FILE_LINES}"


def package_files_are_empty(path: str, text: str) -> Iterator[str]:
    """Importing a package does nothing; its names have one home."""
    if Path(path).name == "__init__.py" and text.strip():
        yield f"{path}: must be empty"


def domain_is_pure(path: str, text: str) -> Iterator[str]:
    """`domain` imports the standard library and itself."""
    if not (path.startswith("domain/") and path.endswith(".py")):
        return
    for line, name in _imports(ast.parse(text, path)):
        if name.partition(".")[0] not in {"domain", *sys.stdlib_module_names}:
            yield f"{path}:{line}: the domain imports {name}"


def no_machine_is_named(path: str, text: str) -> Iterator[str]:
    """A clone works anywhere: no home directory, no private package index."""
    if path.startswith(PATHS_ALLOWED):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if found := MACHINE_PATH.search(line) or REGISTRY.search(line):
            yield f"{path}:{number}: names a place on one machine or network: {found.group()}"


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module or ""


RULES: tuple[Rule, ...] = (
    functions_are_short,
    files_are_short,
    package_files_are_empty,
    domain_is_pure,
    no_machine_is_named,
)


def violations(root: Path, paths: list[str]) -> list[str]:
    """Every breach of a rule in these files, one line each."""
    found = []
    for path in paths:
        file = root / path
        if not file.is_file() or b"\0" in (content := file.read_bytes()):
            continue
        text = content.decode(errors="replace")
        found += [line for rule in RULES for line in rule(path, text)]
    return found


def tracked(root: Path) -> list[str]:
    """The files of the repository, new ones included; without git, the files that are there."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        hidden = (".venv", ".waybill", ".git")
        return [
            str(path.relative_to(root))
            for path in root.rglob("*")
            if path.relative_to(root).parts[0] not in hidden
        ]
    return [path for path in listing.stdout.split("\0") if path]


def main() -> None:
    root = Path(__file__).parents[2]
    found = violations(root, tracked(root))
    sys.exit("\n".join(found) if found else None)


if __name__ == "__main__":
    main()
