"""What every kind of step, service manager, transport and report keeps, as tests that a test inherits. Needs pytest.

A test file subclasses a contract and gives it the fixture that it asks for: a transport, a service under a manager, a
function that renders. Kinds and reports are held by their row in the table alone. Open `transports.py` first: it shows
how the others are used, too.
"""

from __future__ import annotations

import pkgutil

import pytest

# Before the modules are imported, so that a failed `assert` in them shows its values as it does in a test's own file.
pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)))
