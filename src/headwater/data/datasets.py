"""Rows as a dataset of Hugging Face's library; the only file of this folder that knows it."""

from __future__ import annotations

from typing import Any

from headwater.core.errors import DataError


def as_hugging_face(table: Any) -> Any:
    """A `datasets.Dataset` over an Arrow table, which is not copied."""
    try:
        import datasets
    except ImportError as error:
        raise DataError(
            "Hugging Face's library is not installed.",
            where="dataset.to_datasets",
            remedy="pip install datasets",
        ) from error
    return datasets.Dataset(table)
