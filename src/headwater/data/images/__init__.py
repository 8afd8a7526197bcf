"""Functions for `map` that make arrays of images in bytes, and other arrays of those.

from headwater import data
from headwater.data import images

crop = images.random_resized_crop(224)
photos = data.from_webdataset("train-*.tar").shuffle()
batches = photos.map(images.decode_crop(crop, flip=0.5, mean=images.MEAN, std=images.STD)).batch(64)

They need ``pip install 'headwater[images]'``. Images are RGB, uint8, height x width x 3.
"""

from headwater.data.images.decode import decode
from headwater.data.images.decode_crop import decode_crop
from headwater.data.images.folder import classes
from headwater.data.images.pixels import MEAN, STD, normalize
from headwater.data.images.windows import center_crop, flip, random_resized_crop, resize

__all__ = [
    "MEAN",
    "STD",
    "center_crop",
    "classes",
    "decode",
    "decode_crop",
    "flip",
    "normalize",
    "random_resized_crop",
    "resize",
]
