"""Steer and watch the line from a terminal."""
