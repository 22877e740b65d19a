"""Staffing: officers by station and shift, loans, and what those on the street do."""
