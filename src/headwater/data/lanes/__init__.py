"""Inner datasets at work at once: read ahead in threads or on an event loop, used up in a fixed order."""
