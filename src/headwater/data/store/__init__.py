"""Elements kept for later: how they become Arrow bytes and come back as they were, in memory or in a folder."""
