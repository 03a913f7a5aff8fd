"""Words of callers and documents as data in a prompt: bounded, and fenced so that they are not taken for the prompt."""

LONGEST_CALLER = 1200
LONGEST_PASSAGE = 700
MOST_PASSAGES = 6

_FENCES = str.maketrans({"<": "‹", ">": "›", "\x00": None})


def as_data(text: str, longest: int) -> str:
    """`text` without anything that could close its fence; the middle of what is too long is left out."""
    text = " ".join(text.split()).translate(_FENCES)
    if len(text) <= longest:
        return text
    half = (longest - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


def fenced(tag: str, text: str, longest: int, **attributes: str) -> str:
    said = "".join(f' {name}="{as_data(value, 120).replace(chr(34), chr(39))}"' for name, value in attributes.items())
    return f"<{tag}{said}>{as_data(text, longest)}</{tag}>"
