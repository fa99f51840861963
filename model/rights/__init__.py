"""What a person may ask for about the records of them: objection and rectification, as facts."""
