"""Whether the help helps: by lot, at the cut of the lists, and in the figures of a model."""
