"""The command line finds whom to call."""

from uuid import uuid4

import pytest

from reception.cli.phone import dial
from reception.cli.phone_book import look_up
from reception.core.errors import InvalidInput, NotFound
from reception.ports.audio import AudioFormat
from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_platform_admin_calls_in_the_tenant_it_names(installation: Installation, shop: Shop) -> None:
    token = installation.admin["Authorization"].removeprefix("Bearer ")
    line = await look_up(installation.url, "ada", token=token, tenant=str(shop.tenant_id))
    assert line.agent_id == str(shop.agent_id)
    async with dial(line, AudioFormat("pcm_s16le", 16000)) as call:
        assert call.conversation_id
    with pytest.raises(NotFound):
        await look_up(installation.url, "ada", token=token, tenant=str(uuid4()))
    with pytest.raises(InvalidInput):
        await look_up(installation.url, "ada", tenant=str(shop.tenant_id))
