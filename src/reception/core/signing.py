"""Secrets made from the installation's own key, so that they need be stored nowhere."""

import base64
import hashlib
import hmac
from uuid import UUID

_PREFIX = "whsec_"


def tool_secret(key: str, tenant_id: UUID, agent_id: UUID) -> str:
    """The secret that an agent's tool calls are signed with, in the form of Standard Webhooks: `whsec_<base64>`.

    It is the same for the same installation key, and tells nothing of that key or of another agent's secret.
    """
    about = b"reception tool webhook 1\0" + tenant_id.bytes + agent_id.bytes
    digest = hmac.new(key.encode(), about, hashlib.sha256).digest()
    return _PREFIX + base64.b64encode(digest).decode("ascii")
