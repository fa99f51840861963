"""Who stands where on a list of students, where its cut is, and who is drawn at the margin."""
