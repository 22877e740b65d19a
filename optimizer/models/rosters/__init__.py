"""Rosters of anonymous lines: columns, dives, repairs and a bound."""
