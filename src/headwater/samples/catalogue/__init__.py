"""What a store holds, version by version, in SQLite or PostgreSQL; a commit is one transaction."""

from headwater.samples.catalogue.catalogue import Catalogue
from headwater.samples.catalogue.records import Change, KnownFile, State, Version

__all__ = ["Catalogue", "Change", "KnownFile", "State", "Version"]
