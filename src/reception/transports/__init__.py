"""Wire protocols: frames of a client to audio and events of a call, and back."""
