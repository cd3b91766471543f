"""`cge calibrate`: a user's own table becomes a benchmark."""

from __future__ import annotations


def calibrate() -> None:
    """Placeholder."""
