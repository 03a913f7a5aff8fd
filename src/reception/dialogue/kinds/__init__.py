"""The kinds of agent: one file each, with its flows, its intents and its prompts."""
