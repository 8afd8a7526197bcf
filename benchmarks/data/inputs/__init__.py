"""What the pipelines read: seeded, made here, and the check that a contestant gave just that."""
