"""Ways to reach a host. `base.py` has the protocol; one file each for the ways."""
