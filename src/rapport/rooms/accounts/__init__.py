"""Who the customers are: the account tree, people, buying roles, and what was bought and used."""
