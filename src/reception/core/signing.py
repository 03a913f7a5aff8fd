"""Secrets made from the installation's own key, so that they need be stored nowhere."""

import base64
import hashlib
import hmac
from uuid import UUID

_PREFIX = "whsec_"


def tool_secret(key: str, tenant_id: UUID, agent_id: UUID, number: int = 0) -> str:
    """The secret `number` that an agent's tool calls are signed with, as Standard Webhooks has it: `whsec_<base64>`.

    It is the same for the same installation key, and tells nothing of that key or of any other secret.
    """
    about = b"reception tool webhook 1\0" + tenant_id.bytes + agent_id.bytes
    about += number.to_bytes(8) if number else b""
    digest = hmac.new(key.encode(), about, hashlib.sha256).digest()
    return _PREFIX + base64.b64encode(digest).decode("ascii")
