"""One folder per platform or file family; each yields canonical records and stores nothing."""
