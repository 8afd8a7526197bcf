"""The zoo as its users see it: list, show, export, delete, describe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headwater import zoo
from headwater.core.errors import ZooError

Model = dict[str, NDArray[Any]]


def test_variants_are_found_by_id_short_id_name_and_themselves(keep: zoo.Zoo, line: list[zoo.Variant]) -> None:
    assert [keep.show(wanted) for wanted in ("v000002", "v2", "round-1", line[1])] == [line[1]] * 4


def test_a_variant_says_all_about_itself_in_json(line: list[zoo.Variant]) -> None:
    told = json.loads(json.dumps(line[1].describe()))
    assert told["id"] == "v000002"
    assert told["parent"] == "v000001"
    assert told["created"] == "1970-01-01T00:16:40.000000Z"
    assert hash(line[1]) != hash(line[0])
    assert str(line[1]) == "v000002 (round-1)"


@pytest.mark.parametrize("wanted", ["round-9", "v000009", ""])
def test_what_is_not_there_is_said_to_be_not_there(keep: zoo.Zoo, line: list[zoo.Variant], wanted: str) -> None:
    with pytest.raises(ZooError, match="there is no variant"):
        keep.show(wanted)


def test_something_that_is_no_name_is_refused(keep: zoo.Zoo) -> None:
    with pytest.raises(ZooError, match="3 is neither a variant nor"):
        keep.show(3)  # type: ignore[arg-type]


def test_a_deleted_variant_is_hidden_at_once_and_its_name_is_free(
    keep: zoo.Zoo, line: list[zoo.Variant]
) -> None:
    keep.delete("round-1")
    keep.delete(line[1])
    assert [v.name for v in keep.ls()] == ["round-0", "round-2"]
    assert [v.name for v in keep.ls(deleted=True)] == ["round-0", "round-1", "round-2"]
    for ask in (keep.show, keep.load):
        with pytest.raises(ZooError, match=r"v000002 \(round-1\) was deleted"):
            ask(line[1])
    again = keep.add({"x": np.ones(1)}, name="round-1")
    assert (again.id, keep.show("round-1")) == ("v000004", again)


def test_ids_are_never_used_again(keep: zoo.Zoo) -> None:
    keep.delete(keep.add({"x": np.ones(1)}))
    keep.collect()
    assert keep.add({"x": np.ones(1)}).id == "v000002"


def test_describe_counts_a_shared_file_once(keep: zoo.Zoo, model: Model) -> None:
    first, second = keep.add(model), keep.add(model)
    told = keep.describe()
    assert told["num_variants"] == 2
    assert told["stored_bytes"] == first.stored_bytes
    assert told["full_bytes"] == first.full_bytes + second.full_bytes


def test_exporting_into_a_folder_that_is_not_there_is_refused(
    keep: zoo.Zoo, line: list[zoo.Variant], tmp_path: Path
) -> None:
    with pytest.raises(ZooError, match="folder to export into is not there"):
        keep.export(line[0], tmp_path / "missing" / "x.safetensors")


def test_an_unknown_framework_is_refused(keep: zoo.Zoo, line: list[zoo.Variant]) -> None:
    with pytest.raises(ZooError, match="framework='jax' is unknown"):
        keep.load(line[0], framework="jax")  # type: ignore[arg-type]


def test_a_negative_chain_is_refused(folder: Path) -> None:
    with pytest.raises(ZooError, match="max_chain=-1"):
        zoo.open(folder, max_chain=-1)


def test_importing_the_zoo_is_light_and_storing_needs_no_torch(tmp_path: Path) -> None:
    code = """
import sys
import headwater.zoo as zoo
heavy = {"torch", "sqlalchemy", "pyarrow", "pandas", "pydantic"} & set(sys.modules)
assert not heavy, heavy
import numpy as np
keep = zoo.open(sys.argv[1])
keep.load(keep.add({"x": np.ones(3)}), framework="numpy")
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "z")], check=True)
