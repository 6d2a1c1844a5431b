"""What is kept in files beside the database, so that the database alone cannot lie or fall silent."""
