"""The dialogue with a language model: it reads what rules leave open and words answers; it decides nothing."""
