"""What the Triton kernels share. `launching.py` decides whether they can run; only it may be imported without triton."""
