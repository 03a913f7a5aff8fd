"""What a business has and does: models and services, one folder a domain. Services never commit."""
