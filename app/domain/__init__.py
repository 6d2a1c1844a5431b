"""Pure: data in, data out. No clock, no database, no network."""
