"""The calls of a dataset by what they are for; `Dataset` is all of them together."""
