"""Turns stored configuration into live calls and chats: wiring, the registry of calls, tokens, recording, metrics."""
