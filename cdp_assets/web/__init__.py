"""The site: server-rendered pages on the published files; what people decide here goes to inboxes that the next run reads."""
