"""The self-contained examples of the documentation run, and do what their page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

CHECKS = {
    "guides/configuration.md": "assert watch.folder == Path('elsewhere')",
    "guides/add-a-trigger.md": """
from headwater import triggers
from headwater.core import config
policy = config.validate(triggers.Policy, {"any_of": {"of": [{"odd_hours": {"every": 2}}]}})
arrivals = triggers.Arrivals.of(range(4), [f"2013-01-01T{hour}:30" for hour in ("01", "02", "06", "23")])
assert [fired.position for fired in triggers.replay(policy, arrivals).fired] == [2]
assert triggers.replay(policy, arrivals).fired[0].trigger.reason.startswith("2 arrivals at night")
""",
    "guides/add-a-policy.md": """
from headwater import selection
from headwater.core import config
policy = config.validate(selection.Policy, {"rare": {"share": 0.5, "within": "all"}})
assert policy == Rare(0.5)
""",
    "reference/core.md": "assert len(chosen) == 10",
    "reference/workers.md": "",
}


@pytest.mark.parametrize("page", sorted(CHECKS))
def test_an_example_runs(root: Path, tmp_path: Path, page: str) -> None:
    code = "\n".join(BLOCK.findall((root / "docs" / page).read_text())) + CHECKS[page]
    script = tmp_path / "example.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"The example of docs/{page} does not run; mend it or the code:\n{done.stderr}"
