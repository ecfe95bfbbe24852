"""The contract checks: what is wrong with a call, and whether the vendor could have sent a reply or a webhook.

``contract`` holds a vendor's document, ``checks`` judge one operation of it, ``replies`` judge one kind of reply,
``webhooks`` one webhook; ``document`` finds and compiles what they need, ``values`` reads texts from the wire.
"""

from simulator.contract.checks import FORMS, Checks
from simulator.contract.contract import Contract
from simulator.contract.replies import content_type
from simulator.contract.webhooks import WebhookChecks

__all__ = ["FORMS", "Checks", "Contract", "WebhookChecks", "content_type"]
