"""What the business must follow up itself."""
