"""Staffing joint with patrol: cuts from the prices of the patrol engine, and their bound."""
