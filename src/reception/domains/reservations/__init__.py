"""Resources, availability, holds and reservations."""
