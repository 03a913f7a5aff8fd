"""Every vendor there is. Adding one is a file in `vendors/` and an entry here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from reception.core.errors import InvalidInput
from reception.ports.speech import Embedder, Recognizer, TextToSpeech
from reception.providers.access import Access
from reception.providers.segmented import SegmentedRecognizer
from reception.providers.spec import EMBEDDED, ProviderSpec
from reception.providers.vendor_stream import MakeDialect, StreamingRecognizer
from reception.providers.vendor_stt import VendorSpeechToText
from reception.providers.vendors.assemblyai_stt import AssemblyAiDialect
from reception.providers.vendors.deepgram_stt import DeepgramDialect
from reception.providers.vendors.deepgram_tts import DeepgramTextToSpeech
from reception.providers.vendors.elevenlabs_tts import ElevenLabsTextToSpeech
from reception.providers.vendors.google_sdk import GoogleSdk
from reception.providers.vendors.google_stream import GoogleStreamingRecognizer
from reception.providers.vendors.google_stt import GoogleSpeechToText
from reception.providers.vendors.google_tts import GoogleTextToSpeech
from reception.providers.vendors.openai_embeddings import OpenAiEmbedder
from reception.providers.vendors.openai_realtime_stt import OpenAiRealtimeDialect
from reception.providers.vendors.openai_stt import GroqSpeechToText, OpenAiSpeechToText
from reception.providers.vendors.openai_tts import GroqTextToSpeech, OpenAiTextToSpeech
from reception.providers.vendors.polly_tts import PollyTextToSpeech, load_signing

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A vendor's adapter for one part. `key_names` are the environment variables that may hold its key, the first
    the usual one; `address` is where the vendor serves; `load` loads its package, which takes a while."""

    make: Callable[[Access], T]
    model: str
    address: str
    key_names: tuple[str, ...] = ()
    streams: bool = True
    load: Callable[[], object] | None = None


GOOGLE_KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
"""Names a file with the key, where the others hold it themselves."""
_OPENAI = "https://api.openai.com/v1"
_GROQ = "https://api.groq.com/openai/v1"


def _streaming(dialect: MakeDialect) -> Callable[[Access], Recognizer]:
    return lambda access: StreamingRecognizer(access, dialect)


def _batch(make: Callable[[Access], VendorSpeechToText]) -> Callable[[Access], Recognizer]:
    return lambda access: SegmentedRecognizer(make(access))


SPEECH_TO_TEXT: Mapping[str, Entry[Recognizer]] = {
    "openai": Entry(_batch(OpenAiSpeechToText), "gpt-4o-mini-transcribe", _OPENAI, ("OPENAI_API_KEY",), streams=False),
    "groq": Entry(_batch(GroqSpeechToText), "whisper-large-v3-turbo", _GROQ, ("GROQ_API_KEY",), streams=False),
    "openai-realtime": Entry(
        _streaming(OpenAiRealtimeDialect), "gpt-4o-mini-transcribe", "wss://api.openai.com", ("OPENAI_API_KEY",)
    ),
    "deepgram": Entry(_streaming(DeepgramDialect), "nova-3", "wss://api.deepgram.com", ("DEEPGRAM_API_KEY",)),
    "assemblyai": Entry(
        _streaming(AssemblyAiDialect),
        "universal-streaming-english",
        "wss://streaming.assemblyai.com",
        ("ASSEMBLYAI_API_KEY",),
    ),
    "google": Entry(
        _batch(GoogleSpeechToText), "latest_short", "https://speech.googleapis.com", ("GOOGLE_API_KEY",), streams=False
    ),
    "google-streaming": Entry(
        GoogleStreamingRecognizer,
        "latest_long",
        "https://speech.googleapis.com",
        ("GOOGLE_API_KEY", GOOGLE_KEY_FILE),
        load=GoogleSdk,
    ),
}

TEXT_TO_SPEECH: Mapping[str, Entry[TextToSpeech]] = {
    "openai": Entry(OpenAiTextToSpeech, "gpt-4o-mini-tts", _OPENAI, ("OPENAI_API_KEY",)),
    "groq": Entry(GroqTextToSpeech, "canopylabs/orpheus-v1-english", _GROQ, ("GROQ_API_KEY",)),
    "elevenlabs": Entry(
        ElevenLabsTextToSpeech, "eleven_flash_v2_5", "wss://api.elevenlabs.io", ("ELEVENLABS_API_KEY", "ELEVEN_API_KEY")
    ),
    "deepgram": Entry(DeepgramTextToSpeech, "aura-2-thalia-en", "https://api.deepgram.com", ("DEEPGRAM_API_KEY",)),
    "google": Entry(
        GoogleTextToSpeech,
        "en-US-Chirp3-HD-Aoede",
        "https://texttospeech.googleapis.com",
        ("GOOGLE_API_KEY",),
        streams=False,
    ),
    "polly": Entry(PollyTextToSpeech, "neural", "https://polly.us-east-1.amazonaws.com", load=load_signing),
}

EMBEDDINGS: Mapping[str, Entry[Embedder]] = {
    "openai": Entry(OpenAiEmbedder, "text-embedding-3-small", _OPENAI, ("OPENAI_API_KEY",)),
}


def find(entries: Mapping[str, Entry[T]], spec: ProviderSpec) -> Entry[T]:
    """The entry for `spec`, which is not the embedded one.

    Raises:
        InvalidInput: there is no such vendor; names those there are.
    """
    entry = entries.get(spec.vendor)
    if entry is None:
        known = ", ".join([*entries, EMBEDDED])
        raise InvalidInput(f"{spec.vendor!r} is not a provider of this. There are: {known}.")
    return entry


def key_names() -> dict[str, tuple[str, ...]]:
    """For each vendor of speech and embeddings, the environment variables that may hold its key."""
    return {
        **{vendor: entry.key_names for vendor, entry in EMBEDDINGS.items()},
        **{vendor: entry.key_names for vendor, entry in TEXT_TO_SPEECH.items()},
        **{vendor: entry.key_names for vendor, entry in SPEECH_TO_TEXT.items()},
    }
