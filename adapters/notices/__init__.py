"""The outbox: notices composed and handed to whoever carries them, a channel a module."""
