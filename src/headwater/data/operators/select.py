"""Fewer columns, or the same under other names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from headwater.core.errors import DataError
from headwater.core.registry import did_you_mean
from headwater.data.block import BARE, Block, Columns, Items
from headwater.data.chain import Step, Stepwise
from headwater.data.operators.calling import locate

V = TypeVar("V")


@dataclass(frozen=True, eq=False)
class Chosen(Stepwise):
    """Something done to the columns of an element as a whole, before `batch` or after it."""

    @property
    def random_access(self) -> bool:
        """As the input."""
        return self.input.random_access

    def choose(self, columns: Mapping[str, V], where: str) -> dict[str, V]:
        """The columns that an element has afterwards; `where` names it in errors."""
        raise NotImplementedError

    def step(self) -> Step:
        """Columns as one, elements one by one."""

        def apply(block: Block) -> Block:
            if isinstance(block, Columns):
                self._check(block.columns if BARE not in block.columns else None, block, 0)
                return Columns(self.choose(block.columns, f".{self.label}"), block.positions)
            for at, element in enumerate(block.values):
                self._check(element, block, at)
            return Items([self.choose(it, f".{self.label}") for it in block.values], block.positions)

        return apply

    def _check(self, element: Any, block: Block, at: int) -> None:
        if not isinstance(element, Mapping):
            raise DataError(
                "the elements are plain values, which have no columns.",
                where=f".{self.label}, {locate(block, at)}",
                remedy='Name them first: .map({"x": pyarrow.compute.field("value")}).',
            )

    def _known(self, names: tuple[str, ...], columns: Mapping[str, V], where: str) -> None:
        for name in names:
            if name not in columns:
                remedy = did_you_mean(name, sorted(columns))
                raise DataError(f"there is no column `{name}`.", where=where, remedy=remedy)


@dataclass(frozen=True, eq=False)
class Select(Chosen):
    """The columns `names`, in that order, and no others."""

    operator: ClassVar[str] = "select"
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.names:
            raise DataError("no column is left.", where=".select()", remedy="Name at least one.")
        if len(set(self.names)) < len(self.names):
            raise DataError("a column is named twice.", where=f".{self.label}", remedy="Name each once.")

    @property
    def label(self) -> str:
        """The call that made it."""
        return f"select({', '.join(self.names)})"

    def choose(self, columns: Mapping[str, V], where: str) -> dict[str, V]:
        """Those named."""
        self._known(self.names, columns, where)
        return {name: columns[name] for name in self.names}


@dataclass(frozen=True, eq=False)
class Drop(Chosen):
    """All columns but `names`."""

    operator: ClassVar[str] = "drop"
    names: tuple[str, ...]

    @property
    def label(self) -> str:
        """The call that made it."""
        return f"drop({', '.join(self.names)})"

    def choose(self, columns: Mapping[str, V], where: str) -> dict[str, V]:
        """Those not named."""
        self._known(self.names, columns, where)
        left = {name: column for name, column in columns.items() if name not in self.names}
        if not left:
            raise DataError("no column is left.", where=where, remedy="Keep at least one.")
        return left


@dataclass(frozen=True, eq=False)
class Rename(Chosen):
    """The same columns; those in `names` are called otherwise."""

    operator: ClassVar[str] = "rename"
    names: dict[str, str]

    def __post_init__(self) -> None:
        if len(set(self.names.values())) < len(self.names):
            raise DataError("two columns get one name.", where=f".{self.label}", remedy="Names differ.")

    @property
    def label(self) -> str:
        """The call that made it."""
        return f"rename({', '.join(f'{old}={new}' for old, new in self.names.items())})"

    def choose(self, columns: Mapping[str, V], where: str) -> dict[str, V]:
        """All, in their order."""
        self._known(tuple(self.names), columns, where)
        renamed = {self.names.get(name, name): column for name, column in columns.items()}
        if len(renamed) < len(columns):
            taken = next(new for old, new in self.names.items() if new in columns and new not in self.names)
            raise DataError(f"there is a column `{taken}` already.", where=where, remedy="Drop it first.")
        return renamed
