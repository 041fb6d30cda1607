"""Exporting: from a trained run to the ONNX file that the page loads."""
