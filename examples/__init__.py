"""Programs to read and to run; tests and documentation name them by import path."""
