"""Where something was computed: versions, machine, and the commit when it is a checkout."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path

from headwater import workers

_PACKAGES = ("headwater", "numpy", "pyarrow", "torch", "matplotlib")


def environment() -> dict[str, str]:
    """Return what a reader needs to judge the seconds, or to repeat the run; what is unknown is left out."""
    versions = {name: version for name in _PACKAGES if (version := _version(name))}
    commit = _commit(Path(__file__).resolve().parents[3])
    return {
        "python": platform.python_version(),
        **versions,
        **({"commit": commit} if commit else {}),
        "system": platform.platform(terse=True),
        "cores": f"{workers.usable_cores()} usable, {platform.machine()}",
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _commit(checkout: Path) -> str:
    """Return the commit of a checkout; an installed package has none, whatever repository it may lie in."""
    if not (checkout / ".git").exists():
        return ""
    asked = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
