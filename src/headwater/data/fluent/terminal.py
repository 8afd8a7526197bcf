"""Calls that run a dataset to its end and return what came of it."""

from __future__ import annotations

from headwater.data.fluent.calls import Calls


class Terminal(Calls):
    """``reduce`` and its kin."""
