"""Models of visits: routes that deliver the dose of the must-visit points."""
