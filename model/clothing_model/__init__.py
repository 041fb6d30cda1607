"""Trains, exports and judges the network that tells garments apart on photos."""
