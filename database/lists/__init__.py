"""Lists of students as they were published, and the budgets that they are cut by."""
