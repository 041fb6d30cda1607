"""The verbs of the command line, one file each.

`add_to` describes a verb and its options, `run` does the work. Whatever a verb needs beyond NumPy and Pillow is imported
in `run`, so that --help, and verbs without PyTorch, work where only their own packages are installed.
"""
