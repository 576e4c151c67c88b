"""What each model is asked, and the same question in SQL."""
