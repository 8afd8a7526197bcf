"""Calls that bring several datasets together."""

from __future__ import annotations

from headwater.data.fluent.calls import Calls


class Mixing(Calls):
    """``zip``, ``concatenate`` and their kin."""
