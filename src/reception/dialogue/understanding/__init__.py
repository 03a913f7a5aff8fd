"""From a caller's words to commands, without a network: rules, parsers, and nearest prototypes for the rest."""
