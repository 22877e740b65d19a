"""Patrol allocation: where units wait, how far from the best that is, what more would buy."""
