"""Stories: a scenario file, the run it makes, its report and the command line."""
