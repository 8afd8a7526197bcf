"""Where the functions of a dataset run: in the consumer's thread, in several, or in other processes."""
