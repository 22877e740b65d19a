"""The simulation: calls, units and their moves as discrete events, with intervals."""
