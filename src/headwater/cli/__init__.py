"""Steer and watch the line from a terminal: every verb calls one facade and prints what it returns."""

from headwater.cli.app import app, main

__all__ = ["app", "main"]
