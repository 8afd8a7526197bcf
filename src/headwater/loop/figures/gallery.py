"""All pictures of a report, in the order in which they answer questions."""

from __future__ import annotations

from headwater.loop.figures import cost, drift, heat_map, labels, learning, quality
from headwater.loop.figures.picture import Material, Picture


def gallery(material: Material) -> list[Picture]:
    """Return every picture, drawn or with the reason why it could not be."""
    return [
        quality.over_time(material),
        cost.against_quality(material),
        labels.base_rate(material),
        drift.distances(material),
        heat_map.maps(material),
        cost.stages(material),
        learning.curves(material),
        cost.stored(material),
    ]
