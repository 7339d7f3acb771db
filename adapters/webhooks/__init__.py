"""Webhooks: events of the log posted to partners, signed, in order, until they are taken."""
