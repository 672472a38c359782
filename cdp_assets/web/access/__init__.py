"""Who may do what on the site: people, roles as data, sessions, and what guards every request."""
