"""How `pack` reads sequences, and its two ways to put them into rows."""
