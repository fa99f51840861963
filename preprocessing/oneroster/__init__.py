"""OneRoster 1.2 CSV bundles, as 1EdTech's public specification describes them."""
