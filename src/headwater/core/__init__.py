"""Words that all capabilities share; it imports none of them, and nothing here knows about tensors.

Import from the file that is named for the word: ``from headwater.core.selection import Selection``.
"""
