"""Where datasets begin: one function for each kind of source."""
