"""Who may come in: a person with name and password, through the organisation, or an API key."""
