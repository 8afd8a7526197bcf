"""A picture as an element of a page: cut down from the document that matplotlib writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from headwater.core.digest import digest_of
from headwater.loop.wording import printable

_REFERENCE = re.compile(r'(href="#|url\(#)([^")]+)')
_ID = re.compile(r' id="([^"]*)"')
_OURS = "headwater-id"
_COORDINATES = re.compile(r'( d| x| y| transform)="([^"<>]*)"')
_LONG_NUMBER = re.compile(r"(\.\d\d)\d+")
_STYLE_OF_ALL = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)


def as_element(document: str, *, title: str, colours: Mapping[str, str]) -> str:
    """Return the ``<svg>`` element: no prologue, short numbers, `colours` as CSS.

    Ids are unique on a page with several pictures, and the same picture always gives the same text.
    """
    head, body = document[document.index("<svg") :].split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    body = _with_own_ids(_STYLE_OF_ALL.sub("", body, count=1))
    body = _COORDINATES.sub(lambda found: f'{found[1]}="{_short(found[2])}"', body)
    for colour, css in colours.items():
        body = body.replace(colour, css)
    body = re.sub(r"\n\s*", "\n", body).replace("xlink:href", "href")
    return f'<svg {box[0] if box else ""} role="img" aria-label="{escape(printable(title))}">{body}'.strip()


def _with_own_ids(body: str) -> str:
    names = dict.fromkeys(found[2] for found in _REFERENCE.finditer(body))
    numbered = {name: f"{_OURS}-{number}" for number, name in enumerate(names)}
    body = _ID.sub(lambda found: f' id="{numbered[found[1]]}"' if found[1] in numbered else "", body)
    body = _REFERENCE.sub(lambda found: found[1] + numbered[found[2]], body)
    # matplotlib's own ids are random, so the digest is taken only now that they are gone.
    return body.replace(_OURS, f"f{digest_of(body)[:8]}")


def _short(numbers: str) -> str:
    return _LONG_NUMBER.sub(r"\1", " ".join(numbers.split()))
