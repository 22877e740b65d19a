"""Pictures: one page per plan, self-contained, from the nouns of the optimizer."""
