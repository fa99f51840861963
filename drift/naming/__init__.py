"""What a drift report names beside its tests: values, states and where something is missing."""
