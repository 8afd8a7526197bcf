"""Calls that make other elements of elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from headwater.core.errors import DataError
from headwater.data.block import BARE
from headwater.data.expression import Expression, is_expression
from headwater.data.fluent.calls import Calls, names_of
from headwater.data.function import Function
from headwater.data.operators.compute import Compute, as_expressions
from headwater.data.operators.declared import declare
from headwater.data.operators.enumerate import Enumerate
from headwater.data.operators.filter import Filter
from headwater.data.operators.flat_map import FlatMap
from headwater.data.operators.ignore_errors import IgnoreErrors
from headwater.data.operators.interleave import Interleave
from headwater.data.operators.map import KEEP, Map
from headwater.data.operators.map_async import MapAsync, is_async
from headwater.data.operators.map_batches import MapBatches
from headwater.data.operators.random_map import RandomMap
from headwater.data.operators.scan import Scan
from headwater.data.operators.select import Drop, Rename, Select
from headwater.data.operators.tokenize import Tokenize
from headwater.data.operators.where import Where
from headwater.data.tokenizers import encoder_of

if TYPE_CHECKING:
    import pyarrow.compute as pc


class Elements(Calls):
    """``map``, ``map_batches``, ``filter`` and their kin."""

    def map(
        self,
        function: Callable[..., Any] | pc.Expression | Mapping[str, pc.Expression],
        *,
        keep: Iterable[str] = KEEP,
        reads: Iterable[str] | None = None,
        writes: Iterable[str] | None = None,
        random: bool | None = None,
    ) -> Self:
        """Replace each element by ``function(element)``.

        Of a dict, the names in `keep` are carried along if the function does not return them; ``keep=()`` for
        exactly what it returns. With ``random=True`` it is ``function(element, draws)``: `draws` gives numbers
        that hang on the seed, the pass, and how many elements came before. If left out, the function says so by
        an attribute ``random``. A function that is a `RowWriter` writes its rows straight into batches. Calls
        of an ``async def`` function wait at the same time, up to 256 of them; results come in order.

        With `reads` the function is given these columns alone; with `writes` it returns exactly these, and all
        others stay as they are. With both, a source reads no columns that nobody needs, and a filter on others
        goes before the map.

        Expressions (`pyarrow.compute`) in its place are computed for a whole block at once: ``{"y":
        expression}`` makes elements of these columns and what is kept, one expression alone plain values. NaN
        and NaT are missing values in them.

        >>> import pyarrow.compute as pc
        >>> from headwater import data
        >>> list(data.range(3).map({"y": pc.field("value") * 2}))
        [{'y': 0}, {'y': 2}, {'y': 4}]
        """
        if isinstance(function, Mapping):
            _undeclared(reads, writes)
            computed = as_expressions(function, operator="map")
            return self._then(Compute(self.graph.root, computed, names_of(keep)))
        if is_expression(function):
            _undeclared(reads, writes)
            return self._then(Compute(self.graph.root, {BARE: Expression(function)}, names_of(keep)))
        if is_async(function):
            _plain(reads, writes, random)
            return self._then(MapAsync(self.graph.root, Function(function), names_of(keep)))
        chance = getattr(function, "random", False) is True if random is None else random
        node = RandomMap if chance else Map
        called = Function(function)
        declared = declare(called, reads, writes, operator="map")
        return self._then(node(self.graph.root, called, names_of(keep), declared))

    def map_batches(
        self,
        function: Callable[[Any], Any],
        *,
        keep: Iterable[str] = KEEP,
        reads: Iterable[str] | None = None,
        writes: Iterable[str] | None = None,
    ) -> Self:
        """Replace columns by ``function(columns)``: many rows in one call.

        Before `batch` the function sees as many rows as the engine finds best, treats each alone, and returns
        as many. After `batch` it sees each batch. `keep`, `reads` and `writes` are as for
        `map`.
        """
        called = Function(function)
        declared = declare(called, reads, writes, operator="map_batches")
        return self._then(MapBatches(self.graph.root, called, names_of(keep), declared))

    def flat_map(self, function: Callable[[Any], Any]) -> Self:
        """Replace each element by the elements of ``function(element)``, one dataset after the other.

        The function returns a dataset or an iterable, is a generator, or is async in any of these ways. Where
        it waits for disks or networks, the next ones are opened and read ahead; the order stays. Shuffles in
        datasets it returns draw another order for each element.

        >>> from headwater import data
        >>> list(data.range(4).flat_map(lambda n: data.range(n)))
        [0, 0, 1, 0, 1, 2]
        """
        return self._then(FlatMap(self.graph.root, Function(function)))

    def interleave(
        self, function: Callable[[Any], Any], *, cycle_length: int = 16, block_length: int = 1
    ) -> Self:
        """As `flat_map`, but `cycle_length` datasets take turns, each giving `block_length` elements at a time.

        The order is a function of these two alone; how many datasets are read at the same time is the engine's
        business.

        >>> from headwater import data
        >>> list(data.range(3).interleave(lambda n: [n] * 3, cycle_length=2))
        [0, 1, 0, 1, 0, 1, 2, 2, 2]
        """
        return self._then(Interleave(self.graph.root, Function(function), cycle_length, block_length))

    def filter(
        self, predicate: Callable[[Any], Any] | pc.Expression, *, reads: Iterable[str] | None = None
    ) -> Self:
        """Keep the elements for which ``predicate(element)`` is true, or the rows for which an expression is.

        An expression (`pyarrow.compute`) is computed for a whole block at once and, where the source can,
        before its other columns are read. A missing answer drops the row; NaN and NaT are missing values. In a
        dataset of plain values they are called ``value``. With `reads` a function is given these columns alone.

        >>> import pyarrow.compute as pc
        >>> from headwater import data
        >>> list(data.range(9).filter(pc.field("value") > 6))
        [7, 8]
        """
        if is_expression(predicate):
            _undeclared(reads, None)
            return self._then(Where(self.graph.root, Expression(predicate)))
        called = Function(predicate)
        declared = declare(called, reads, None, operator="filter")
        return self._then(Filter(self.graph.root, called, declared.reads))

    def with_columns(self, **columns: Any) -> Self:
        """Add columns, or replace some, by expressions (`pyarrow.compute`) of those that are there.

        >>> import pyarrow.compute as pc
        >>> from headwater import data
        >>> next(iter(data.from_arrays({"x": [3, 4]}).with_columns(double=pc.field("x") * 2)))
        {'x': 3, 'double': 6}
        """
        computed = as_expressions(columns, operator="with_columns")
        return self._then(Compute(self.graph.root, computed, keep=(), everything=True))

    def select(self, *columns: str) -> Self:
        """Only these columns, in this order; where the source can, the others are not read."""
        return self._then(Select(self.graph.root, columns))

    def drop(self, *columns: str) -> Self:
        """All columns but these."""
        return self._then(Drop(self.graph.root, columns))

    def rename(self, **names: str) -> Self:
        """The same columns under other names: ``rename(old="new")``."""
        return self._then(Rename(self.graph.root, names))

    def enumerate(self, start: int = 0, *, name: str = "index") -> Self:
        """Put the number of each element beside it, in the column `name`; a plain value becomes ``value``.

        Numbers begin with `start` in each pass of a `repeat` after it. Random access is kept: a shuffle after
        it moves elements with their numbers.

        >>> from headwater import data
        >>> next(iter(data.range(5, 9).enumerate(start=1)))
        {'index': 1, 'value': 5}
        """
        return self._then(Enumerate(self.graph.root, start, name))

    def scan(
        self, initial_state: Any, function: Callable[[Any, Any], Any], *, keep: Iterable[str] = KEEP
    ) -> Self:
        """Give the outputs of ``state, output = function(state, element)``, one state going into the next.

        A checkpoint holds a state of at most 1,000 characters of JSON (numbers, texts, small arrays, and lists,
        tuples and dicts of these). With any other, restoring reads and folds the pass again from its beginning.
        `keep` is as for `map`.

        >>> from headwater import data
        >>> list(data.range(5).scan(0, lambda total, x: (total + x, total + x)))
        [0, 1, 3, 6, 10]
        """
        return self._then(Scan(self.graph.root, initial_state, Function(function), names_of(keep)))

    def tokenize(
        self, tokenizer: Any, *, column: str = "text", into: str = "tokens", special_tokens: bool = True
    ) -> Self:
        """Exchange the text in `column` for its token numbers, int32, in `into`; plain texts too.

        `tokenizer` is a `tokenizers.Tokenizer`, a fast tokenizer of transformers, the path of a tokenizer.json
        (these encode many texts in one call), or a function from a text to a list of numbers. `special_tokens`
        says whether the tokenizer adds its own, such as a begin or an end. Other columns stay.

        >>> import pyarrow as pa
        >>> from headwater import data
        >>> texts = data.from_arrow(pa.table({"text": ["ab", "c"]}))
        >>> next(iter(texts.tokenize(lambda text: [ord(letter) for letter in text])))
        {'tokens': [97, 98]}
        """
        encoder = encoder_of(tokenizer, special=special_tokens) or Function(tokenizer)
        return self._then(Tokenize(self.graph.root, encoder, column, into))

    def ignore_errors(self, limit: int | float | None = None) -> Self:
        """Leave out the elements whose making raises a `DataError` upstream, and go on with the next.

        That is: an element for which a function of `map`, `map_batches`, `filter`, `scan` or `unique` fails, a
        row that a source with random access cannot read, a batch that does not stack, and of other sources what
        they can pass over. More than `limit` (a number, or a share such as ``0.01``) are a `DataError` that
        shows the last; a share is judged after every 1,024 elements and at the end. Each problem is logged
        once, as a warning. Functions upstream run in threads, never in processes.

        Write it right behind what may fail: a `take`, `shard` or `enumerate` in between may or may not count
        what fails. Before a `repeat` the limit holds for each pass, behind it for all.

        >>> from headwater import data
        >>> list(data.range(5).map(lambda x: 12 // (x - 2)).ignore_errors(limit=1))
        [-6, -12, 12, 6]
        """
        return self._then(IgnoreErrors(self.graph.root, limit))


def _undeclared(reads: Iterable[str] | None, writes: Iterable[str] | None) -> None:
    if reads is not None or writes is not None:
        raise DataError("an expression says itself what it reads.", remedy="Leave reads= and writes= out.")


def _plain(reads: Iterable[str] | None, writes: Iterable[str] | None, random: bool | None) -> None:
    if reads is not None or writes is not None or random:
        raise DataError(
            "an async function takes the element alone.",
            where=".map",
            remedy="Leave reads=, writes= and random= out, or draw in a map before it.",
        )
