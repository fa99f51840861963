"""Which registries hold pseudonyms in the place of students' ids."""
