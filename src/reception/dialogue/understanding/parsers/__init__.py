"""One kind of value a file. Each parser is a pure function of tokens and says which of them it read."""
