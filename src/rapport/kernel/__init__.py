"""What every room stands on: people, scope, audit, events and jobs, mail, the database."""
