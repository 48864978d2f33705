"""The contract of a way to a host: what a command gets, gives back, and how it ends; and addresses there.

```python
class TestOurs(TransportContract):
    @pytest.fixture
    def stop(self) -> threading.Event: ...                          # what the run sets when it is to end
    @pytest.fixture
    def transport(self, stop) -> Iterator[Transport]: ...           # the way; it is closed afterwards
    @pytest.fixture
    def folder(self) -> Iterator[Path]: ...                         # into which whoever is logged in there may write
```

The host is this machine, reached in whichever way: the tests look after the processes and files that commands leave.
"""

from __future__ import annotations

from runbook.testing.contracts.transport_end import EndContract
from runbook.testing.contracts.transport_forward import ForwardContract
from runbook.testing.contracts.transport_input import InputContract
from runbook.testing.contracts.transport_output import OutputContract


class TransportContract(InputContract, OutputContract, EndContract, ForwardContract):
    """All that every transport keeps."""
