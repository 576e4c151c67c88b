"""Statistics: pure functions over counts and sums. No I/O, no rows of people, no product words."""
