"""Conversations, their turns, and the effects that ran."""
