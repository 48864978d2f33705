"""The fixtures of the lab, for every test; see `tests/lab/__init__.py`."""

pytest_plugins = ["tests.lab.plugin"]
