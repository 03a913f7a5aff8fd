"""Chat models of vendors, through LangChain; see `ports.language`."""
