"""Who may work with the box: accounts, passwords and one-time codes."""
