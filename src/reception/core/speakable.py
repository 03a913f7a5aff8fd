def speakable(text: str) -> str:
    return text
