"""Exploring: a report on folders of photos."""
