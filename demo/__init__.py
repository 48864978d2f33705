"""The demo: the bot-generic application with its fault, a database for it, and the run that repairs it."""
