"""What a dialogue reads and causes, on the domains' services: the only part of the dialogue that knows them."""
