"""Location problems: which places to open, proved; covers and cordons."""
