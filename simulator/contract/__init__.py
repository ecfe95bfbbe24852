"""The two contract checks: what is wrong with a call, and whether a reply is one that the vendor could have sent.

``contract`` holds a vendor's document, ``checks`` judge one operation of it, ``replies`` judge one kind of reply;
``document`` finds and compiles what they need, ``values`` reads texts from the wire.
"""

from simulator.contract.checks import FORMS, Checks
from simulator.contract.contract import Contract
from simulator.contract.replies import content_type

__all__ = ["FORMS", "Checks", "Contract", "content_type"]
