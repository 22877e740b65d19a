"""Recorded calls against the simulation: what they teach, what it predicts, how far it is off."""
