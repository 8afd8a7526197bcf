"""Which part of an image is taken, and to which size it is scaled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from headwater.core.errors import DataError
from headwater.data.draws import Draws
from headwater.data.images.element import check_image, value_of, with_value
from headwater.data.images.opencv import mirror, scale
from headwater.data.images.window import Window

Size = int | tuple[int, int]


class View:
    """A choice of a window, and the size that comes of it; also a function for `map`."""

    random: ClassVar[bool] = False
    size: Size
    column: str

    def __call__(self, element: Any, *draws: Draws) -> Any:
        """The element with the window of its image, scaled."""
        image = check_image(value_of(element, self.column))
        part = self.window(image.shape[0], image.shape[1], *draws).of(image)
        return with_value(element, self.column, self.column, scale(part, *self.shape))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width that come out."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    def window(self, height: int, width: int, *draws: Draws) -> Window:
        """The part of an image of this size."""
        raise NotImplementedError

    def __post_init__(self) -> None:
        if len(self.shape) != 2 or min(self.shape) < 1:
            raise DataError(
                f"size={self.size!r} is no size.",
                where=f"images.{type(self).__name__}",
                remedy="Write pixels, such as 224 or (height, width).",
            )


@dataclass(frozen=True)
class random_resized_crop(View):  # noqa: N801 - is called like a function, and is one
    """A window of random area and shape, as torchvision's RandomResizedCrop draws it, scaled to `size`.

    `scale` bounds its share of the image's area, `ratio` its width by its height.
    """

    random: ClassVar[bool] = True
    size: Size
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    column: str = "image"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, (low, high) in (("scale", self.scale), ("ratio", self.ratio)):
            if not 0 < low <= high or (name == "scale" and high > 1):
                raise DataError(
                    f"{name}={(low, high)} are no bounds.",
                    where="images.random_resized_crop",
                    remedy="Write the lower and the upper bound, such as (0.08, 1.0).",
                )

    def window(self, height: int, width: int, *draws: Draws) -> Window:
        """Ten tries to find a window inside the image, else the largest in the middle."""
        (chance,) = draws
        low, high = (math.log(bound) for bound in self.ratio)
        for _ in range(10):
            area = height * width * chance.uniform(*self.scale)
            ratio = math.exp(chance.uniform(low, high))
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < w <= width and 0 < h <= height:
                return Window(chance.integer(height - h + 1), chance.integer(width - w + 1), h, w)
        return self._largest(height, width)

    def _largest(self, height: int, width: int) -> Window:
        ratio = min(max(width / height, self.ratio[0]), self.ratio[1])
        h = max(1, min(height, round(width / ratio)))
        w = max(1, min(width, round(height * ratio)))
        return Window((height - h) // 2, (width - w) // 2, h, w)


@dataclass(frozen=True)
class center_crop(View):  # noqa: N801 - is called like a function, and is one
    """The middle, `size` pixels after the shorter side was scaled to `of` (not at all, if left out).

    ``center_crop(224, of=256)`` is the usual view for evaluation.
    """

    size: Size
    of: int | None = None
    column: str = "image"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.of is not None and self.of < max(self.shape):
            raise DataError(
                f"of={self.of} is less than the size {self.size}.",
                where="images.center_crop",
                remedy="Scale to at least the size.",
            )

    def window(self, height: int, width: int, *draws: Draws) -> Window:  # noqa: ARG002 - nothing is drawn
        """The window before scaling, which scaled has the size."""
        by = 1.0 if self.of is None else min(height, width) / self.of
        h, w = (max(1, round(side * by)) for side in self.shape)
        if h > height or w > width:
            raise ValueError(
                f"the image has {height} x {width} pixels, fewer than {h} x {w} (scale it: of=...)"
            )
        return Window((height - h) // 2, (width - w) // 2, h, w)


@dataclass(frozen=True)
class resize(View):  # noqa: N801 - is called like a function, and is one
    """All of it, scaled to `size`, whatever its shape."""

    size: Size
    column: str = "image"

    def window(self, height: int, width: int, *draws: Draws) -> Window:  # noqa: ARG002 - nothing is drawn
        """The whole."""
        return Window(0, 0, height, width)


@dataclass(frozen=True)
class flip:  # noqa: N801 - is called like a function, and is one
    """Left and right exchanged, with this probability."""

    random: ClassVar[bool] = True
    probability: float = 0.5
    column: str = "image"

    def __post_init__(self) -> None:
        check_probability(self.probability, "images.flip")

    def __call__(self, element: Any, draws: Draws) -> Any:
        """The element with its image, or the mirrored one."""
        image = check_image(value_of(element, self.column))
        mirrored = mirror(image) if draws.chance(self.probability) else image
        return with_value(element, self.column, self.column, mirrored)


def check_probability(probability: float, where: str) -> None:
    """Refuse what is no probability."""
    if not 0 <= probability <= 1:
        problem = f"{probability!r} is no probability."
        raise DataError(problem, where=where, remedy="Write a number from 0 to 1.")
