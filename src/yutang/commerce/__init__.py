"""Commerce: shops, order imports, and what each order is now."""
