"""The conversation: understanding proposes commands, flows decide, and the tools run effects once a turn is committed."""
