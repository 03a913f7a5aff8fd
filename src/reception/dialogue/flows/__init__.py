"""Deterministic flows: (state, commands, what was read) to (new state, words, effects)."""
