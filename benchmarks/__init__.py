"""Measurements of the whole system beside the bare SQL of the same rows, on a database that is thrown away."""
