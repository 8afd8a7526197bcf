"""All other formats that Pillow reads: PNG, WebP, TIFF, JPEG in printers' inks."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.data.images.missing import missing


def decode(data: Any) -> NDArray[np.uint8]:
    """Decode an image to RGB; transparency is dropped. Raised for what is no image: `ValueError`."""
    try:
        from PIL import Image
    except ImportError:
        raise missing("pillow") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(f"no image that can be read: {error}") from error
