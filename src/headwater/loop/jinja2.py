"""The only file that imports jinja2: templates of this package, filled with everything escaped."""

from __future__ import annotations

from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup


def render(template: str, **context: Any) -> str:
    """Return a template filled with `context`.

    Reasons, names and configurations come from outside, so every value is escaped. The filter ``svg`` alone
    lets markup through: it is for pictures of `headwater.loop.matplotlib`, whose texts are escaped there.
    """
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_source),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = Markup
    return environment.get_template(template).render(**context)


def _source(name: str) -> str | None:
    file = resources.files("headwater.loop") / "templates" / name
    return file.read_text(encoding="utf-8") if file.is_file() else None
