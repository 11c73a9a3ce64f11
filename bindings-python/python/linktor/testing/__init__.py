"""The sandbox for tests of one's own: the five API families over real HTTP, with faults on demand.

With pytest there is the fixture ``linktor_sandbox``, which is as new in each test:

>>> def test_a_busy_server_is_asked_again(linktor_sandbox):
...     linktor_sandbox.script({"status": 503})
...     assert linktor_sandbox.client().get("/me").attempts == 2

Without it:

>>> from linktor.testing import Sandbox
>>> with Sandbox() as sandbox:
...     sandbox.client().get("/me").data()

It runs the program ``linktor-sandbox``, which ``pip install linktor[testing]`` brings.
"""

from ._deliveries import Delivery, DeliveryOptions, Report, WebhookFamily
from ._journal import Entry
from ._process import SandboxError
from ._sandbox import Call, Family, Sandbox, SandboxOptions
from ._script import Answer, Match

__all__ = [
    "Answer",
    "Call",
    "Delivery",
    "DeliveryOptions",
    "Entry",
    "Family",
    "Match",
    "Report",
    "Sandbox",
    "SandboxError",
    "SandboxOptions",
    "WebhookFamily",
]
