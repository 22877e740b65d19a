"""Models that make the plan: the only files that know OR-Tools."""
