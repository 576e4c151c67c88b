"""Pure helpers without product words: time, hashing, text."""
