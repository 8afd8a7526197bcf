"""Everything that can be ingested, as a stream of batches; one file per format."""

from headwater.samples.incoming.batch import Batch
from headwater.samples.incoming.part import Options, Part, open_parts

__all__ = ["Batch", "Options", "Part", "open_parts"]
