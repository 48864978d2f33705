"""runbook: a declarative runbook executor for SREs."""

__version__ = "0.1.0"
