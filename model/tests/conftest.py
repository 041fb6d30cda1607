import os

# One thread per operation: the networks of these tests are so small that more threads would slow them down.
os.environ.setdefault("OMP_NUM_THREADS", "1")
