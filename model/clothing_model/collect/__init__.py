"""Collecting: searches, downloads, and the manifest that says where each photo came from."""
