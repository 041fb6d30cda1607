import os

# One thread each: the networks of these tests are so small that waiting threads would cost more than they help.
os.environ.setdefault("OMP_NUM_THREADS", "1")
