"""Words and texts from outside, made fit to be shown."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return `text` with a replacement character for each that nobody can see, terminals' escapes among them.

    >>> printable("a" + chr(27) + "[31mb")
    'a�[31mb'
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def shortened(text: str, most: int) -> str:
    """Return `text`, with its end cut off where it is longer than `most` letters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "round"), counted(2_000, "round")
    ('1 round', '2,000 rounds')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
