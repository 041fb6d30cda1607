"""Judging: how good a network is, how far its probabilities can be trusted, and what classic methods reach."""
