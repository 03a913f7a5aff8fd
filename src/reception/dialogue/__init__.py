"""The conversation: understanding proposes, flows decide, and the tools run effects once a turn is committed."""
