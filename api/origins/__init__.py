"""Where features come from: the API asks a process of its own, which reads kept files again."""
