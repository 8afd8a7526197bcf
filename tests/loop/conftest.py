"""Every test of the loop may import `tiny`, by name and by import path."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
