"""What everything else stands on: clock, ids, errors, audio arithmetic. Imports nothing of the project."""
