"""What can be done with elements; one file per operator: its node, then its cursor with its state."""
