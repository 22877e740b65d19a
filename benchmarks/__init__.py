"""Benchmarks: the models on published instances and on a synthetic city."""
