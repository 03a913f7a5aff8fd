"""Amazon Polly.

Signed by botocore, the extra `polly`, and sent by httpx: boto3 blocks a thread for each sentence, and cannot be
cancelled.
Wire format: https://docs.aws.amazon.com/polly/latest/dg/API_SynthesizeSpeech.html
"""

import asyncio
import importlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import orjson

from reception.core.audio import Pcm16
from reception.core.errors import MissingModel, ProviderLimited, ProviderRefused
from reception.ports.speech import Voice
from reception.providers.access import Access
from reception.providers.packages import Package
from reception.providers.vendor_tts import TELEPHONE_HZ, VendorTextToSpeech
from reception.providers.wire import DEFAULT_RETRY_AFTER_S, SampleReader, garbage, refusal

_THROTTLED = ("ThrottlingException", "ServiceQuotaExceededException", "TooManyRequestsException")
_OF_KEY = (
    *(
        "AccessDenied",
        "ExpiredToken",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignature",
        "NotAuthorized",
    ),
    *("MissingAuthenticationToken", "OptInRequired", "UnrecognizedClient"),
)
"""What Amazon says of a key, with status 400 too: https://docs.aws.amazon.com/polly/latest/dg/CommonErrors.html"""


@dataclass(frozen=True, slots=True)
class _Signing:
    """What is used of botocore."""

    auth: Any
    requests: Any
    credentials_of: Any
    session: Callable[[], Any]


def load_signing() -> _Signing:
    """Amazon's package, which takes a fifth of a second to load.

    Raises:
        MissingModel: it is not installed.
    """
    try:
        return _Signing(
            importlib.import_module("botocore.auth"),
            importlib.import_module("botocore.awsrequest"),
            importlib.import_module("botocore.credentials").Credentials,
            importlib.import_module("botocore.session").get_session,
        )
    except ImportError:
        raise _missing() from None


def _missing() -> MissingModel:
    return MissingModel("Amazon Polly's signing", "pip install 'reception[polly]'")


class PollyTextToSpeech(VendorTextToSpeech):
    """The model is the engine (`neural`, `generative`, `standard`); the region is that of the address. The key is
    `ACCESS_KEY_ID:SECRET`, or empty for what AWS's settings on this machine say. Polly has no speed outside SSML."""

    default_voice = "Joanna"
    longest_chars = 2900

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        if find_spec("botocore") is None:
            raise _missing()
        self._package = Package(access.provider, load_signing)
        self._held: Any = None
        self._region = (urlsplit(access.base_url).hostname or "").removeprefix("polly.").split(".")[0]

    async def _loaded(self) -> None:
        await self._package.within(self._access.limits.load_s)

    def _rate_hz(self, wanted_hz: int) -> int:
        return TELEPHONE_HZ if wanted_hz == TELEPHONE_HZ else 16_000

    async def _speak(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        access = self._access
        asked = {
            "Engine": access.model,
            "OutputFormat": "pcm",
            "SampleRate": str(sample_rate_hz),
            "Text": text,
            "TextType": "text",
            "VoiceId": self._voice(voice),
        }
        body, url = orjson.dumps(asked), f"{access.base_url}/v1/speech"
        headers = await self._signed(url, body)
        async with access.http.stream("POST", url, headers=headers, content=body) as answer:
            if not answer.is_success:
                error = answer.headers.get("x-amzn-errortype", "")
                if error.startswith(_THROTTLED):
                    told = f"{self.provider} takes no more requests for now"
                    raise ProviderLimited(self.provider, told, retry_after_s=DEFAULT_RETRY_AFTER_S)
                status = 403 if error.startswith(_OF_KEY) else answer.status_code
                raise refusal(self.provider, status, answer.headers, await answer.aread())
            if not answer.headers.get("content-type", "").startswith("audio/"):
                raise garbage(self.provider)
            reader = SampleReader("pcm_s16le")
            async for piece in answer.aiter_raw():
                yield reader.read(piece)

    async def _signed(self, url: str, body: bytes) -> dict[str, str]:
        signing = await self._package.within(self._access.limits.load_s)
        credentials = await self._credentials(signing)
        request = signing.requests.AWSRequest(
            method="POST", url=url, data=body, headers={"Content-Type": "application/json"}
        )
        signing.auth.SigV4Auth(credentials, "polly", self._region or "us-east-1").add_auth(request)
        return dict(request.headers.items())

    async def _credentials(self, signing: _Signing) -> Any:
        if self._access.api_key:
            key_id, _, secret = self._access.api_key.partition(":")
            return signing.credentials_of(key_id, secret)
        if self._held is None:
            self._held = await asyncio.to_thread(lambda: signing.session().get_credentials())
        if self._held is None:
            told = f"{self.provider}: AWS's settings on this machine hold no credentials"
            raise ProviderRefused(self.provider, told, of_key=True)
        # Those of a role are renewed before they expire, which asks AWS.
        return await asyncio.to_thread(self._held.get_frozen_credentials)
