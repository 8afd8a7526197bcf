"""D1: WebDataset shards of JPEGs -> decode -> random-resized-crop 224 -> flip -> normalise -> batches of 64."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inputs.digest import digest

BATCH = 64
SIZE = 224
# ImageNet's, of values from 0 to 1, as every tutorial has them.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
NUM_SHARDS = 8
REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "clothing-photos.tar"


@dataclass(frozen=True)
class Photos:
    """`num_photos` photos, named 000000.jpg and so on; the folder has them as shards and as single files."""

    folder: str
    num_photos: int
    unit: str = "photos"

    @property
    def elements(self) -> int:
        """All photos."""
        return self.num_photos

    @property
    def shards(self) -> list[str]:
        """WebDataset's form: tar files."""
        return [str(path) for path in sorted(Path(self.folder).glob("photos-*.tar"))]

    @property
    def files(self) -> list[str]:
        """A file for each photo, in order."""
        return [f"{self.folder}/files/{number:06}.jpg" for number in range(self.num_photos)]

    def check(self, batches: Iterable[Any]) -> str:
        """Each photo came once, as float32 of the asked size, with the mean and spread of normalised photos.

        Crops are drawn, so pixels differ; their mean over all photos does not by more than the tolerance.
        """
        keys: list[Any] = []
        means, squares = [], []
        for batch in batches:
            images = np.asarray(batch["image"])
            if images.shape not in ((len(images), SIZE, SIZE, 3), (len(images), 3, SIZE, SIZE)):
                return f"a batch of the shape {images.shape}"
            if images.dtype != np.float32 or len(images) > BATCH:
                return f"a batch of {len(images)} {images.dtype}"
            keys += [int(key) for key in batch["key" if "key" in batch else "__key__"]]
            sample = images[:, ::7, ::7] if images.shape[-1] == 3 else images[:, :, ::7, ::7]
            means.append(float(sample.mean()) * len(images))
            squares.append(float((sample**2).mean()) * len(images))
        if len(keys) != self.num_photos or digest(np.array(keys)) != digest(np.arange(self.num_photos)):
            return f"{len(keys):,} photos, {len(set(keys)):,} different ones, not {self.num_photos:,}"
        return _unlike(sum(means) / len(keys), sum(squares) / len(keys), self._expected())

    def digest(self, batch: Any) -> int:
        """The digest of a batch's photos, whatever their crops."""
        return digest(np.array([int(key) for key in batch["key" if "key" in batch else "__key__"]]))

    def _expected(self) -> tuple[float, float]:
        """Mean and mean square of Pillow's crops of (up to 400 of) the same photos."""
        from crops import with_pillow

        crops = [
            with_pillow(Path(path).read_bytes(), np.random.default_rng((1, number)))
            for number, path in enumerate(self.files[:400])
        ]
        pixels = np.stack([crop[::7, ::7] for crop in crops])
        return float(pixels.mean()), float((pixels**2).mean())


def _unlike(mean: float, square: float, expected: tuple[float, float]) -> str:
    # Two draws of 320 crops differ by 0.02 and 2 %; without normalising the mean would differ by 0.5.
    if abs(mean - expected[0]) > 0.08 or not 0.85 < square / expected[1] < 1.15:
        return f"pixels of mean {mean:.2f}, mean square {square:.2f}, not {expected[0]:.2f}, {expected[1]:.2f}"
    return ""


def make(folder: Path, *, num_photos: int) -> Photos:
    """Write shards and files; real photos where there are any, repeated as often as needed."""
    photos = Photos(str(folder), num_photos)
    (folder / "files").mkdir(parents=True, exist_ok=True)
    jpegs = list(_jpegs(min(num_photos, 800)))
    per_shard = -(-num_photos // NUM_SHARDS)
    for first in range(0, num_photos, per_shard):
        with tarfile.open(folder / f"photos-{first // per_shard:03}.tar", "w") as shard:
            for number in range(first, min(first + per_shard, num_photos)):
                raw = jpegs[number % len(jpegs)]
                Path(photos.files[number]).write_bytes(raw)
                member = tarfile.TarInfo(f"{number:06}.jpg")
                member.size = len(raw)
                shard.addfile(member, io.BytesIO(raw))
    return photos


def _jpegs(count: int) -> Iterator[bytes]:
    """Photos of clothes, about 400 x 600; without them pictures of the same size, as hard to decode."""
    if REAL.exists():
        with tarfile.open(REAL) as photos:
            members = sorted((one for one in photos if one.isfile()), key=lambda one: one.name)[:count]
            for member in members:
                yield photos.extractfile(member).read()  # type: ignore[union-attr]  # files have content
        return
    for number in range(count):
        yield _drawn(np.random.default_rng((17, number)))


def _drawn(rng: np.random.Generator) -> bytes:
    """Smooth shapes with a texture: about 30 KB, like a photo of that size."""
    from PIL import Image

    shape = (int(rng.integers(560, 640)), int(rng.integers(380, 420)))
    coarse = Image.fromarray(rng.integers(0, 256, (12, 8, 3), np.uint8))
    smooth = np.asarray(coarse.resize(shape[::-1], Image.Resampling.BICUBIC), np.int16)
    textured = smooth + rng.normal(0, 6, (*shape, 1)).astype(np.int16)
    out = io.BytesIO()
    Image.fromarray(textured.clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=85)
    return out.getvalue()


def source() -> str:
    """Where the photos come from, for the table."""
    return "real photos" if REAL.exists() else f"drawn photos: {REAL} is not there"
