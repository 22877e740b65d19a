"""The world: study area, grid, zones, demand, places, roads and travel times."""
