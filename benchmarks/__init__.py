"""How fast it is, beside others doing the same, in one run. `make bench` runs it; RESULTS.md is what came out."""
