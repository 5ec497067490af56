"""Personal data, as the domain sees it: which fields hold it, and what a sealed text looks like from outside.

Commands and events carry personal fields sealed with their customer's key (`eventstore.privacy`); no decision
needs to read them.
"""

import re
from typing import Annotated, Final


class Personal:
    """Marks a field as personal: `Annotated[str, PERSONAL]`."""

    __slots__ = ()


PERSONAL: Final = Personal()
PersonalText = Annotated[str, PERSONAL]


class Keyed:
    """Marks a digest of personal text, which could be guessed at: sealing makes it one by the customer's key."""

    __slots__ = ()


KEYED: Final = Keyed()
KeyedDigest = Annotated[str, KEYED]

ERASED: Final = "erased"
"""What a personal field reads as once its customer's key is destroyed."""

SEALED: Final = re.compile(r"sealed:1:([A-Za-z0-9_-]{22}):([a-z0-9_]+):([A-Za-z0-9_-]+)")
"""A sealed text: the format's version, the key's id, what the text is for, and nonce and ciphertext."""


def is_sealed(text: str) -> bool:
    return text.startswith("sealed:1:") and SEALED.fullmatch(text) is not None
