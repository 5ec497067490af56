"""The scripts that run inside Redis, each an atomic step."""

from importlib.resources import files


def script(name: str) -> str:
    """The text of `scripts/{name}.lua`."""
    return files("messaging").joinpath("scripts", f"{name}.lua").read_text(encoding="utf-8")
