"""Steer and watch the line from a terminal: every verb calls one facade and prints what it returns."""

try:
    from headwater.cli.app import app, main
except KeyboardInterrupt:  # importing takes a moment, and Ctrl-C in it is no reason for a traceback
    raise SystemExit(130) from None

__all__ = ["app", "main"]
