"""Cleaning: ranking photos by loss, and carrying out what was decided about them."""
