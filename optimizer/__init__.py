"""Decisions: requirement, staffing, patrol, posts, visits, and the judges of a plan."""
