"""What a report shows as pictures: one file per question, each drawn from what the runs wrote down."""

from headwater.loop.figures.gallery import gallery
from headwater.loop.figures.picture import Material, Picture

__all__ = ["Material", "Picture", "gallery"]
