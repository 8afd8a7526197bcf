"""Elements as JAX arrays; the only file here that knows JAX."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.core.errors import DataError
from headwater.data.handing import Handed

if TYPE_CHECKING:
    from headwater.data.dataset import Dataset


class JaxArrays(Handed):
    """A dataset whose arrays are JAX arrays, on `device` (a device or a sharding) or JAX's default.

    JAX has no 64-bit types unless told so (``jax_enable_x64``): int64 becomes int32, float64 float32. What it
    has no type for (texts, bytes, times) stays as it is: numpy or Arrow.
    """

    where = "dataset.to_jax"

    def __init__(self, dataset: Dataset, *, columns: Iterable[str] | None = None, device: Any = None) -> None:
        super().__init__(dataset, columns=columns)
        self._device = device
        self._put = _jax().device_put

    def convert(self, value: Any) -> Any:
        """Put numbers on the device."""
        if isinstance(value, bool | int | float | np.generic):
            value = np.asarray(value)
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "biufc" or value.dtype.itemsize > 16:
            return value
        native = value if value.dtype.isnative else value.astype(value.dtype.newbyteorder("="))
        # device_put may share the memory of a numpy array, which then must not change.
        return self._put(native if not native.flags.writeable else native.copy(), self._device)


def _jax() -> Any:
    try:
        import jax  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise DataError("JAX is not installed.", where="dataset.to_jax", remedy="pip install jax") from error
    return jax
