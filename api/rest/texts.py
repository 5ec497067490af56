"""Kinds of text that callers send. Length is judged first: nothing is searched in a text that is too long."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""C0, DEL, C1, and lone surrogates, which no UTF-8 can carry."""
_CONTROLS_BUT_LINES: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def _no_controls(text: str) -> str:
    if CONTROLS.search(text):
        raise ValueError("must hold no control characters")
    return text


def _no_controls_but_lines(text: str) -> str:
    if _CONTROLS_BUT_LINES.search(text):
        raise ValueError("must hold no control characters but line feeds and tabs")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


PLAIN: Final = AfterValidator(_no_controls)
LINES: Final = AfterValidator(_no_controls_but_lines)
NOT_BLANK: Final = AfterValidator(_not_blank)

Short = Annotated[str, StringConstraints(max_length=400)]
"""What the domain judges altogether, with a code of its own: a SKU, an amount, an address."""
Plain = Annotated[str, StringConstraints(max_length=400), PLAIN]
"""What is looked for, or kept as it is."""
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500), PLAIN, NOT_BLANK]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), PLAIN, NOT_BLANK]
Note = Annotated[str, StringConstraints(min_length=1, max_length=2000), PLAIN, NOT_BLANK]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@|-]{0,127}$")]
