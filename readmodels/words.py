"""Texts as words to search by: the same words from what is stored and from what is asked.

Case, accents and compatibility forms do not count (`Éclair`, `ECLAIR`, `ｅｃｌａｉｒ` are one word), whatever the
database's locale. Scripts that put no spaces between words are taken apart into their characters.
"""

import re
from typing import Final
from unicodedata import category, normalize

MAX_WORD: Final = 100
MAX_ASKED: Final = 20

_WORD: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile("([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")


def words(text: str) -> list[str]:
    """The words of a text, in its order; a very long one is cut."""
    plain = "".join(char for char in normalize("NFKD", text) if category(char) != "Mn")
    spaced = _UNSPACED.sub(r" \1 ", normalize("NFKC", plain).casefold())
    return [word[:MAX_WORD] for word in _WORD.findall(spaced)]


def document(*texts: str) -> str:
    """What is stored of texts."""
    return " ".join(word for text in texts for word in words(text))


def asked(text: str) -> str | None:
    """A tsquery that wants every word, or one that begins with it; None if no word is in the text.

    Words are letters and digits alone, so nothing that a tsquery would read as an operator is in it.
    """
    wanted = list(dict.fromkeys(words(text)))[:MAX_ASKED]
    return " & ".join(f"'{word}':*" for word in wanted) or None
