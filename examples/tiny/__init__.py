"""A whole line in miniature: it runs in a second, and the tests kill it at random moments."""
