"""Judges of a plan: they know no model and no solver."""
